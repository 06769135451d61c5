import type { ConversionOutcome } from '../../core/conversion.ts';
import { type Exchange, PENDING, type StepResult } from '../../core/exchange.ts';
import type { PayloadRecord } from '../../core/snapshot.ts';
import type { PayloadTask } from '../../payload/payload-program.ts';
import type { AnswerConverterOptions } from './answer-converter.ts';
import { outgoingFields } from './outgoing-fields.ts';
import { PayloadConversion } from './payload-conversion.ts';
import { refusalOfRequest } from './refusals.ts';

const JSON_TYPE = 'application/json';

/** The caller's body, turned into what the upstream expects. */
export class RequestConversion extends PayloadConversion {
  private readonly payload: PayloadRecord;
  private readonly options: AnswerConverterOptions;
  /** What came of it while it was being submitted; PENDING where it came later. */
  private early: StepResult = PENDING;
  private submitting = true;

  constructor(exchange: Exchange, payload: PayloadRecord, options: AnswerConverterOptions) {
    super(exchange, options.programs.entryOf(payload), exchange.body);
    this.payload = payload;
    this.options = options;
  }

  get task(): PayloadTask {
    return 'request';
  }

  start(): StepResult {
    this.submitTo(this.options.conversions);
    this.submitting = false;
    return this.early;
  }

  protected conclude(
    outcome: ConversionOutcome,
    fields: readonly string[],
    output: Uint8Array,
  ): void {
    const refusal = outcome === 'converted' ? this.take(output) : refusalOfRequest(outcome, fields);
    if (outcome === 'failed') this.options.reportFailure(this.exchange, fields[0] ?? 'no worker');
    if (this.submitting) this.early = refusal;
    else this.options.resumptions.add(this.exchange, refusal);
  }

  private take(output: Uint8Array): undefined {
    const { exchange } = this;
    exchange.outgoingBody = output;
    exchange.outgoingFields = outgoingFields(exchange, this.payload, JSON_TYPE);
  }
}
