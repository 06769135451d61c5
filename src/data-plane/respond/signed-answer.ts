/** An answer that is gathered, signed by a worker, and only then handed to the socket. */
import { noRoomForAnswer } from '../../core/answer-room.ts';
import type { Clock } from '../../core/clock.ts';
import { CollectedBody } from '../../core/collected-body.ts';
import type { ConversionOutcome, ConversionRunner, ProgramEntry } from '../../core/conversion.ts';
import { type AnswerSink, EMPTY_BODY, type Exchange } from '../../core/exchange.ts';
import { ExchangeConversion } from '../../core/exchange-conversion.ts';
import { fieldOf } from '../../core/field-of.ts';
import { type Problem, problem } from '../../core/problems.ts';
import { answerTask } from '../../payload/answer-signature.ts';
import type { HttpAnswer } from './http-answer.ts';

export interface AnswerSigner {
  readonly conversions: ConversionRunner;
  readonly clock: Clock;
  readonly program: ProgramEntry;
  /** Whether all answers are signed, or only those of calls that ask for it. */
  readonly always: boolean;
  readonly bodyMaxBytes: number;
  /** Of bodies in memory: false where there is no room for an answer of so many bytes by now. */
  readonly reserve: (exchange: Exchange, bytes: number) => boolean;
  /** The authority and scheme that partners call: what a signed request names as its target. */
  readonly targetUriOf: (exchange: Exchange) => string;
  readonly reportFailure: (exchange: Exchange, reason: string) => void;
}

/** Of another signer than us, or of other bytes than those that leave. */
const REPLACED = new Set(['content-digest', 'signature', 'signature-input']);
const MS_PER_SECOND = 1_000;

export class SignedAnswer implements AnswerSink {
  readonly answer: HttpAnswer;
  private readonly signer: AnswerSigner;
  /** What is being gathered; another one where a problem takes its place. */
  private gathering: Gathering | undefined;
  /** Signing has failed: a problem that says so could not be signed either. */
  private isPlain = false;
  /** A problem has taken its place: what its source still gives is dropped. */
  private isRefused = false;

  constructor(answer: HttpAnswer, signer: AnswerSigner) {
    this.answer = answer;
    this.signer = signer;
  }

  begin(
    exchange: Exchange,
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    this.gathering = undefined;
    this.isRefused = false;
    if (this.isPlain || !this.isWanted(exchange)) {
      return this.answer.begin(exchange, status, headers, contentLength, hasBody);
    }
    const body = new CollectedBody(hasBody ? contentLength : 0, this.signer.bodyMaxBytes);
    this.gathering = { status, headers, contentLength, hasBody, body };
    if (body.isTooLong) this.refuse(exchange, this.tooLong);
    else this.holdOrRefuse(exchange, hasBody ? (contentLength ?? 0) : 0);
  }

  write(exchange: Exchange, chunk: Uint8Array): boolean {
    if (this.isRefused) return true;
    const { gathering } = this;
    if (gathering === undefined) return this.answer.write(exchange, chunk);
    if (exchange.aborted || exchange.completed) return true;
    const { body } = gathering;
    body.add(chunk);
    if (body.isTooLong) this.refuse(exchange, this.tooLong);
    else this.holdOrRefuse(exchange, body.length);
    return true;
  }

  end(exchange: Exchange, lastChunk?: Uint8Array): void {
    if (this.isRefused) return;
    const { gathering } = this;
    if (gathering === undefined) return this.answer.end(exchange, lastChunk);
    if (exchange.aborted) {
      // What became of the call is recorded all the same.
      exchange.status = gathering.status;
      return this.answer.end(exchange);
    }
    const body = gathering.hasBody ? gathering.body.takeWith(lastChunk) : EMPTY_BODY;
    if (body === undefined) return this.refuse(exchange, this.tooLong);
    if (!this.holdOrRefuse(exchange, body.length)) return;
    this.signer.conversions.convert(new SigningJob(exchange, this, gathering, this.signer, body));
  }

  abort(exchange: Exchange): void {
    if (this.isRefused) return;
    if (this.gathering === undefined) return this.answer.abort(exchange);
    // Nothing of it has left: its problem can still be told.
    this.gathering = undefined;
    exchange.resume(exchange.refusal);
  }

  /** False where another answer has taken its place. */
  awaits(gathering: Gathering): boolean {
    return this.gathering === gathering;
  }

  /** Hands a signed answer on. */
  deliver(
    exchange: Exchange,
    gathering: Gathering,
    fields: readonly string[],
    body: Uint8Array,
  ): void {
    this.gathering = undefined;
    const { status, headers, contentLength, hasBody } = gathering;
    const signed = withSignature(headers, fields);
    const length = hasBody ? body.length : contentLength;
    this.answer.begin(exchange, status, signed, length, hasBody);
    this.answer.end(exchange, hasBody ? body : undefined);
  }

  /** It cannot be signed, and nobody gets it unsigned: what is told in its place is unsigned. */
  giveUp(exchange: Exchange, refusal: Problem): void {
    this.gathering = undefined;
    this.isPlain = true;
    exchange.resume(refusal);
  }

  private isWanted(exchange: Exchange): boolean {
    return this.signer.always || exchange.header('accept-signature') !== undefined;
  }

  /** A problem is short, and what is told where there is no room. */
  private holdOrRefuse(exchange: Exchange, bytes: number): boolean {
    if (exchange.isOver || this.signer.reserve(exchange, bytes)) return true;
    this.refuse(exchange, noRoomForAnswer(exchange, 'Too many answers are in memory.'));
    return false;
  }

  private get tooLong(): Problem {
    const { bodyMaxBytes } = this.signer;
    return problem('answer-too-large', `Answers that are signed may have ${bodyMaxBytes} bytes.`);
  }

  private refuse(exchange: Exchange, refusal: Problem): void {
    this.gathering = undefined;
    // Begins with the problem, and ends with it, before this goes on.
    exchange.refuseAnswer(refusal);
    this.isRefused = true;
  }
}

interface Gathering {
  readonly status: number;
  readonly headers: readonly string[];
  readonly contentLength: number | undefined;
  readonly hasBody: boolean;
  readonly body: CollectedBody;
}

/** Of an answer, or of the problem in its place: a refusal is answered with a signature too. */
class SigningJob extends ExchangeConversion {
  private readonly signed: SignedAnswer;
  private readonly gathering: Gathering;
  private readonly signer: AnswerSigner;

  constructor(
    exchange: Exchange,
    signed: SignedAnswer,
    gathering: Gathering,
    signer: AnswerSigner,
    body: Uint8Array,
  ) {
    super(exchange, signer.program, body);
    this.signed = signed;
    this.gathering = gathering;
    this.signer = signer;
  }

  override get abandoned(): boolean {
    return this.exchange.completed || !this.signed.awaits(this.gathering);
  }

  get task(): string {
    const { exchange, gathering, signer } = this;
    const { requestId, method } = exchange.arrival;
    const requestLabel = exchange.identity?.signatureLabel ?? '';
    return answerTask({
      created: Math.floor(signer.clock.wallMs() / MS_PER_SECOND),
      status: gathering.status,
      contentType: fieldOf(gathering.headers, 'content-type') ?? '',
      requestId,
      method,
      targetUri: signer.targetUriOf(exchange),
      requestLabel,
      requestSignature: requestLabel === '' ? '' : signatureUnder(exchange, requestLabel),
    });
  }

  protected conclude(
    outcome: ConversionOutcome,
    fields: readonly string[],
    output: Uint8Array,
  ): void {
    const { exchange, signed, gathering, signer } = this;
    if (outcome === 'converted') return signed.deliver(exchange, gathering, fields, output);
    if (outcome !== 'saturated') {
      signer.reportFailure(exchange, `the answer could not be signed: ${fields[0] ?? outcome}`);
    }
    signed.giveUp(exchange, unsigned(exchange, outcome));
  }
}

function unsigned(exchange: Exchange, outcome: ConversionOutcome): Problem {
  if (outcome === 'saturated') {
    return noRoomForAnswer(exchange, 'Too many answers wait to be signed.');
  }
  return problem('internal-error', 'The answer could not be signed; it was logged.');
}

function withSignature(
  headers: readonly string[],
  [digest, input, signature]: readonly string[],
): string[] {
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!REPLACED.has(headers[i]!)) fields.push(headers[i]!, headers[i + 1]!);
  }
  fields.push('content-digest', digest!, 'signature-input', input!, 'signature', signature!);
  return fields;
}

/** The member of the Signature field that was verified: a byte sequence, so without a comma. */
function signatureUnder(exchange: Exchange, label: string): string {
  const { headers } = exchange.arrival;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'signature') continue;
    for (const member of headers[i + 1]!.split(',')) {
      const trimmed = member.trim();
      if (trimmed.startsWith(`${label}=`)) return trimmed.slice(label.length + 1);
    }
  }
  return '';
}
