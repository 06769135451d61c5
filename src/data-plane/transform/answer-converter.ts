import { noRoomForAnswer } from '../../core/answer-room.ts';
import { CollectedBody } from '../../core/collected-body.ts';
import type { ConversionOutcome, ConversionRunner } from '../../core/conversion.ts';
import type { DataClass } from '../../core/data-classes.ts';
import type { AnswerSink, Exchange } from '../../core/exchange.ts';
import { ExchangeConversion } from '../../core/exchange-conversion.ts';
import { listOf } from '../../core/field-of.ts';
import { type Problem, problem } from '../../core/problems.ts';
import type { Resumptions } from '../../core/resumptions.ts';
import type { PayloadRecord } from '../../core/snapshot.ts';
import { answerTask, type PartnerFormat } from '../../payload/payload-task.ts';
import { answerFields, withWeakTag } from './answer-fields.ts';
import { codingsOf, ENVELOPE_TYPE, mediaTypeOf } from './media-types.ts';
import type { ProgramTable } from './program-table.ts';
import { refusalOfAnswer } from './refusals.ts';

const NOT_MODIFIED = 304;

export interface AnswerConverterOptions {
  readonly conversions: ConversionRunner;
  readonly programs: ProgramTable;
  readonly resumptions: Resumptions;
  /** Largest body of a call, without its content coding. */
  readonly bodyMaxBytes: number;
  /** Of bodies in memory: false where the exchange may not hold so many bytes more. */
  readonly reserve: (exchange: Exchange, bytes: number) => boolean;
  /** The same of an answer, of which there are so many bytes by now. */
  readonly reserveAnswer: (exchange: Exchange, bytes: number) => boolean;
  /** Whether answers can be encrypted for that partner. */
  readonly hasKeyOf: (partnerId: string) => boolean;
  /** Largest body of an answer that is converted. */
  readonly answerMaxBytes: number;
  /** Told why a conversion failed, or where an answer is wrong: what the caller does not see. */
  readonly reportFailure: (exchange: Exchange, reason: string) => void;
}

/**
 * Stands before the sink of a call whose answers are converted: gathers the answer, has it turned
 * into what the caller expects, and hands it on whole. Other than successful answers pass.
 */
export class AnswerConverter implements AnswerSink {
  private readonly exchange: Exchange;
  private readonly payload: PayloadRecord;
  private readonly options: AnswerConverterOptions;
  private readonly format: PartnerFormat;
  private status = 0;
  private headers: readonly string[] = [];
  /** Undefined while nothing is gathered: the answer passes, or was refused. */
  private body: CollectedBody | undefined;
  /** It was refused: what still comes of it is dropped. */
  private isRefused = false;

  constructor(
    exchange: Exchange,
    payload: PayloadRecord,
    options: AnswerConverterOptions,
    format: PartnerFormat,
  ) {
    this.exchange = exchange;
    this.payload = payload;
    this.options = options;
    this.format = format;
  }

  begin(
    exchange: Exchange,
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    if (!hasBody || !isConverted(status)) {
      return this.pass(exchange, status, headers, contentLength, hasBody);
    }
    this.status = status;
    this.headers = headers;
    this.body = new CollectedBody(contentLength, this.options.answerMaxBytes);
    if (this.body.isTooLong) return this.refuse(this.tooLong());
    if (!this.holds(contentLength ?? 0)) this.refuse(this.noRoom());
  }

  write(exchange: Exchange, chunk: Uint8Array): boolean {
    if (this.isRefused || exchange.aborted) return true;
    if (this.body === undefined) return this.next.write(exchange, chunk);
    this.body.add(chunk);
    if (this.body.isTooLong) this.refuse(this.tooLong());
    else if (!this.holds(this.body.length)) this.refuse(this.noRoom());
    return true;
  }

  end(exchange: Exchange, lastChunk?: Uint8Array): void {
    if (this.isRefused) return;
    const { body } = this;
    if (body === undefined) return this.next.end(exchange, lastChunk);
    if (exchange.aborted) return this.endUnread(exchange);
    const whole = body.takeWith(lastChunk);
    if (whole === undefined) return this.refuse(this.tooLong());
    if (!this.holds(whole.length)) return this.refuse(this.noRoom());
    this.body = undefined;
    const task = this.taskFor(exchange);
    if (task === undefined) return this.refuse(this.undecodable());
    new AnswerConversion(exchange, this.payload, this.options, whole, this, task).start();
  }

  /** Nothing of a gathered answer has left: its problem can still be told. */
  abort(exchange: Exchange): void {
    if (this.isRefused) return;
    if (this.body === undefined) return this.next.abort(exchange);
    this.body = undefined;
    exchange.resume(exchange.refusal);
  }

  /** The converted answer, in a content coding where one is named. */
  deliver(output: Uint8Array, coding: string | undefined): void {
    const { exchange, next } = this;
    const headers = answerFields(this.headers, this.mediaType, coding);
    next.begin(exchange, this.status, headers, output.length, true);
    next.end(exchange, output);
  }

  private get mediaType(): string {
    return this.payload.answerIsEnvelope ? ENVELOPE_TYPE : mediaTypeOf(this.format);
  }

  /** RFC 9110 sections 9.3.2, 15.4.5: they have fields of GET, whose length nobody knows here. */
  private pass(
    exchange: Exchange,
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    const { next } = this;
    if (exchange.arrival.method === 'HEAD' && isConverted(status)) {
      const fields = answerFields(headers, this.mediaType, undefined);
      return next.begin(exchange, status, fields, undefined, hasBody);
    }
    if (status === NOT_MODIFIED) {
      return next.begin(exchange, status, withWeakTag(headers), undefined, hasBody);
    }
    next.begin(exchange, status, headers, contentLength, hasBody);
  }

  /** The caller has left: what became of the call is recorded all the same. */
  private endUnread(exchange: Exchange): void {
    exchange.status = this.status;
    this.next.end(exchange);
  }

  private get next(): AnswerSink {
    return this.exchange.transport.sink;
  }

  private taskFor(exchange: Exchange): string | undefined {
    const codings = codingsOf(listOf(this.headers, 'content-encoding'));
    if (codings === undefined) return undefined;
    // A session has no use for a coding: its messages are not HTTP's.
    const { headers, session } = exchange.arrival;
    return answerTask({
      ...{ format: this.format, codings, bytesMax: this.options.answerMaxBytes },
      shown: shownTo(exchange),
      partner: exchange.identity?.entry.partner.id ?? '',
      acceptEncoding:
        (session === undefined ? listOf(headers, 'accept-encoding') : undefined) ?? '',
    });
  }

  private holds(bytes: number): boolean {
    const { exchange, options } = this;
    // What is over has given back what it held, and does so once.
    return exchange.completed || options.reserveAnswer(exchange, bytes);
  }

  private noRoom(): Problem {
    return noRoomForAnswer(this.exchange, 'Too many answers are in memory.');
  }

  private undecodable(): Problem {
    this.options.reportFailure(this.exchange, 'the answer has a content coding that is not served');
    return refusalOfAnswer(this.exchange, 'refused');
  }

  private tooLong(): Problem {
    this.options.reportFailure(this.exchange, 'the answer is longer than transform.answerMaxBytes');
    return problem('answer-invalid', 'The answer is too long to be converted.');
  }

  /** In the place of an answer that is still coming. */
  private refuse(refusal: Problem): void {
    const { exchange } = this;
    this.isRefused = true;
    this.body = undefined;
    exchange.refuseAnswer(refusal);
  }
}

class AnswerConversion extends ExchangeConversion {
  readonly task: string;
  private readonly options: AnswerConverterOptions;
  private readonly converter: AnswerConverter;

  constructor(
    exchange: Exchange,
    payload: PayloadRecord,
    options: AnswerConverterOptions,
    body: Uint8Array,
    converter: AnswerConverter,
    task: string,
  ) {
    super(exchange, options.programs.entryOf(payload), body);
    this.options = options;
    this.converter = converter;
    this.task = task;
  }

  start(): void {
    this.submitTo(this.options.conversions);
  }

  protected conclude(
    outcome: ConversionOutcome,
    fields: readonly string[],
    output: Uint8Array,
  ): void {
    const { exchange, options } = this;
    if (outcome === 'converted') return this.converter.deliver(output, fields[0]);
    if (outcome !== 'saturated') {
      options.reportFailure(exchange, fields.length === 0 ? 'no worker' : fields.join(' '));
    }
    exchange.resume(refusalOfAnswer(exchange, outcome));
  }
}

/** By the plan under which the app may call; nobody in particular sees what everybody may. */
function shownTo({ arrival, target }: Exchange): DataClass {
  const grant = target?.grant;
  const plan = grant && arrival.snapshot.plans.get(grant.planId);
  return plan?.dataClassMax ?? 'public';
}

/** Successful answers with content; what went wrong is not in the words of the operation. */
function isConverted(status: number): boolean {
  return status >= 200 && status < 300 && status !== 204 && status !== 205;
}
