import type {
  Conversion,
  ConversionOutcome,
  ConversionRunner,
  ProgramEntry,
} from '../../core/conversion.ts';
import type { Exchange } from '../../core/exchange.ts';
import { STAGE } from '../../core/stages.ts';

/** Calls of nobody in particular take their turn together. */
const PUBLIC_LANE = '';
const GONE = new Uint8Array(0);

/** One payload of one exchange on its way through the pool. */
export abstract class PayloadConversion implements Conversion {
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

  abstract get task(): string;

  get lane(): string {
    return this.exchange.identity?.entry.app.id ?? PUBLIC_LANE;
  }

  get input(): Uint8Array {
    return this.bytes;
  }

  get abandoned(): boolean {
    return this.exchange.completed;
  }

  settle(outcome: ConversionOutcome, fields: readonly string[], output: Uint8Array): void {
    this.bytes = GONE;
    const { exchange } = this;
    exchange.stageMs[STAGE.transform]! += this.waitMs + this.serviceMs;
    if (!exchange.completed) this.conclude(outcome, fields, output);
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
