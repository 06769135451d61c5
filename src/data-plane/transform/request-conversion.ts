import type { ConversionOutcome } from '../../core/conversion.ts';
import { type Exchange, PENDING, type StepResult } from '../../core/exchange.ts';
import { ExchangeConversion } from '../../core/exchange-conversion.ts';
import { listOf } from '../../core/field-of.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { PayloadRecord } from '../../core/snapshot.ts';
import { requestTask } from '../../payload/payload-task.ts';
import type { AnswerConverterOptions } from './answer-converter.ts';
import { codingRefused, codingsOf, requestFormat } from './media-types.ts';
import { outgoingFields } from './outgoing-fields.ts';
import { refusalOfRequest } from './refusals.ts';

/** Has the caller's body turned into what the upstream expects. */
export function convertBody(
  exchange: Exchange,
  payload: PayloadRecord,
  options: AnswerConverterOptions,
): StepResult {
  if (exchange.body.length === 0) {
    return problem('payload-invalid', 'The operation takes a body, and there is none.');
  }
  const format = requestFormat(exchange, payload.requestIsEnvelope);
  if (typeof format !== 'string') return format;
  const codings = codingsOf(listOf(exchange.arrival.headers, 'content-encoding'));
  if (codings === undefined) return codingRefused();
  const task = requestTask({ format, codings, bytesMax: options.bodyMaxBytes });
  return new RequestConversion(exchange, payload, options, task).start();
}

class RequestConversion extends ExchangeConversion {
  readonly task: string;
  private readonly payload: PayloadRecord;
  private readonly options: AnswerConverterOptions;
  /** What came of it while it was being submitted; PENDING where it came later. */
  private early: StepResult = PENDING;
  private submitting = true;

  constructor(
    exchange: Exchange,
    payload: PayloadRecord,
    options: AnswerConverterOptions,
    task: string,
  ) {
    super(exchange, options.programs.entryOf(payload), exchange.body);
    this.payload = payload;
    this.options = options;
    this.task = task;
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

  /** A coding undone may have made a hundred times as much of it. */
  private take(output: Uint8Array): Problem | undefined {
    const { exchange, payload, options } = this;
    if (!options.reserve(exchange, output.length)) {
      return problem('overloaded', 'Too many request bodies are in memory.');
    }
    exchange.outgoingBody = output;
    exchange.outgoingFields = outgoingFields(exchange, payload);
    return undefined;
  }
}
