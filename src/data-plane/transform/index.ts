// Receives an exchange that is verified, routed and within its limits.
// Adds the body and the fields that the upstream gets, and a converter before the answer's sink.
// May refuse with payload-invalid, payload-undecryptable, payload-media-type, not-acceptable,
// encryption-key-missing, overloaded; in the answer's place with answer-invalid,
// answer-overloaded.
import type { Exchange, StepResult } from '../../core/exchange.ts';
import { problem } from '../../core/problems.ts';
import { Resumptions } from '../../core/resumptions.ts';
import { AnswerConverter, type AnswerConverterOptions } from './answer-converter.ts';
import { answerFormat } from './media-types.ts';
import { outgoingFields } from './outgoing-fields.ts';
import { ProgramTable } from './program-table.ts';
import { convertBody } from './request-conversion.ts';

export type TransformOptions = Omit<AnswerConverterOptions, 'programs' | 'resumptions'>;

export class Transform {
  private readonly options: AnswerConverterOptions;

  constructor(options: TransformOptions) {
    const programs = new ProgramTable();
    // Conversions of one batch come together: what they were waited for goes on together.
    const resumptions = new Resumptions(queueMicrotask);
    this.options = { ...options, programs, resumptions };
  }

  /** Whatever answers the call from here on is converted, a kept answer included. */
  readonly prepareAnswer = (exchange: Exchange): StepResult => {
    const payload = exchange.target?.entry.operation.payload;
    if (payload?.answerType === undefined) return undefined;
    const format = answerFormat(exchange, payload.answerIsEnvelope);
    if (typeof format !== 'string') return format;
    if (payload.answerNeedsKey && !this.hasKey(exchange)) {
      return problem('encryption-key-missing', 'The bank has no key of this partner.');
    }
    exchange.converter = new AnswerConverter(exchange, payload, this.options, format);
    return undefined;
  };

  private hasKey({ identity }: Exchange): boolean {
    return identity !== undefined && this.options.hasKeyOf(identity.entry.partner.id);
  }

  readonly convertRequest = (exchange: Exchange): StepResult => {
    const payload = exchange.target?.entry.operation.payload;
    if (payload === undefined) return undefined;
    if (payload.requestType !== undefined) return convertBody(exchange, payload, this.options);
    exchange.outgoingFields = outgoingFields(exchange, payload);
    return undefined;
  };
}
