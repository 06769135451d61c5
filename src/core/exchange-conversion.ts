import type {
  Conversion,
  ConversionOutcome,
  ConversionRunner,
  ProgramEntry,
} from './conversion.ts';
import { EMPTY_BODY, type Exchange } from './exchange.ts';
import { STAGE } from './stages.ts';

/** Calls of nobody in particular take their turn together. */
const PUBLIC_LANE = '';

/** Bytes of one exchange on their way through the pool. */
export abstract class ExchangeConversion implements Conversion {
  readonly program: ProgramEntry;
  readonly inputBytes: number;
  waitMs = 0;
  serviceMs = 0;
  protected readonly exchange: Exchange;
  private bytes: Uint8Array;

  constructor(exchange: Exchange, program: ProgramEntry, input: Uint8Array) {
    this.exchange = exchange;
    this.program = program;
    this.bytes = input;
    this.inputBytes = input.length;
  }

  abstract readonly task: string;

  get lane(): string {
    return this.exchange.identity?.entry.app.id ?? PUBLIC_LANE;
  }

  get input(): Uint8Array {
    return this.bytes;
  }

  /** A problem is in the place of what it would have made. */
  get abandoned(): boolean {
    return this.exchange.isOver;
  }

  settle(outcome: ConversionOutcome, fields: readonly string[], output: Uint8Array): void {
    this.bytes = EMPTY_BODY;
    const { exchange } = this;
    exchange.stageMs[STAGE.transform]! += this.waitMs + this.serviceMs;
    if (!this.abandoned) this.conclude(outcome, fields, output);
  }

  protected submitTo(conversions: ConversionRunner): void {
    conversions.convert(this);
  }

  protected abstract conclude(
    outcome: ConversionOutcome,
    fields: readonly string[],
    output: Uint8Array,
  ): void;
}
