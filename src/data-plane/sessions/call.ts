/** One call under way: the transport of its exchange, and the writer of its answer. */
import { noRoomForAnswer } from '../../core/answer-room.ts';
import {
  type AnswerSink,
  EMPTY_BODY,
  type Exchange,
  type ExchangeIntake,
  type Transport,
} from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import { SAFE_METHODS } from '../../core/safe-methods.ts';
import { serverTiming } from '../../core/server-timing.ts';
import { STAGE } from '../../core/stages.ts';
import type { BatchAnswer } from './batch-answer.ts';
import type { Answer } from './codec.ts';
import { RPC_ERROR, type RpcId } from './rpc.ts';

/** What a call needs of the session that it came on. */
export interface CallHost {
  readonly intake: ExchangeIntake;
  readonly answerMaxBytes: number;
  /** Sends the answer and frees the id. */
  answer(call: Call, answer: Answer): void;
  refuse(call: Call, code: typeof RPC_ERROR.refused, refusal: Problem): void;
  /** Counts bytes against what this front may hold; false where there is no room. */
  reserve(exchange: Exchange, bytes: number): boolean;
}

export class Call implements AnswerSink, Transport {
  readonly handle = undefined;
  readonly sink = this;
  /** Undefined for a notification. */
  readonly id: RpcId | undefined;
  readonly batch: BatchAnswer | undefined;
  /** Its id is free again. */
  isAnswered = false;
  exchange: Exchange | undefined = undefined;
  private readonly host: CallHost;
  private readonly deadlineMs: number | undefined;
  private timer: NodeJS.Timeout | undefined = undefined;
  private headers: readonly string[] = [];
  private chunks: Uint8Array[] | undefined = undefined;
  private beganMs = 0;
  /** The caller has its answer, or does not want one any more. */
  private settled = false;

  constructor(
    host: CallHost,
    id: RpcId | undefined,
    batch: BatchAnswer | undefined,
    deadlineMs: number | undefined,
  ) {
    this.host = host;
    this.id = id;
    this.batch = batch;
    this.deadlineMs = deadlineMs;
  }

  start(exchange: Exchange, refusal: Problem | undefined): void {
    this.exchange = exchange;
    if (this.deadlineMs !== undefined) {
      exchange.deadlineAtMs = exchange.arrival.arrivedMs + this.deadlineMs;
      this.timer = setTimeout(expire, this.deadlineMs, this);
    }
    this.host.intake.start(exchange, refusal);
  }

  begin(exchange: Exchange, status: number, headers: readonly string[]): void {
    exchange.status = status;
    this.beganMs = performance.now();
    this.headers = headers;
  }

  write(exchange: Exchange, chunk: Uint8Array): boolean {
    if (this.settled) return true;
    exchange.responseBytes += chunk.length;
    if (this.refuseSize(exchange, chunk.length)) return true;
    this.chunks ??= [];
    this.chunks.push(new Uint8Array(chunk));
    return true;
  }

  end(exchange: Exchange, lastChunk?: Uint8Array): void {
    if (lastChunk !== undefined && !this.settled) {
      exchange.responseBytes += lastChunk.length;
      if (exchange.responseBytes > this.host.answerMaxBytes) this.giveUp(tooLarge(this.host));
    }
    if (this.settled) return exchange.complete();
    this.settled = true;
    const { status } = exchange;
    const isTimed = exchange.header('x-xingyun-timing') !== undefined;
    const timing = isTimed ? serverTiming(exchange, performance.now()) : '';
    const body = this.wholeBody(lastChunk);
    try {
      const headers = withPolicy(this.headers, exchange.policyFields);
      this.host.answer(this, { status, headers, body, timing });
    } catch (error) {
      this.break(exchange, error);
    }
    this.finish(exchange);
  }

  /** The upstream broke off: over HTTP a cut connection, here there is still time to say so. */
  abort(exchange: Exchange): void {
    this.refuse(exchange, exchange.refusal ?? problem('internal-error', 'The answer broke off.'));
  }

  /** The pipeline's word for it: a problem in place of an answer. */
  refuse(exchange: Exchange, refusal: Problem): void {
    if (this.settled) return exchange.complete();
    this.settled = true;
    if (this.beganMs === 0) this.beganMs = performance.now();
    exchange.status = refusal.status;
    this.host.refuse(this, RPC_ERROR.refused, refusal);
    this.finish(exchange);
  }

  /** The caller, the clock or a limit ends the call while it is under way. */
  giveUp(refusal: Problem): void {
    const exchange = this.exchange!;
    if (this.settled || exchange.completed) return;
    this.settled = true;
    exchange.refusal = refusal;
    // What an unsafe call came to is known where its upstream has answered: the record has that.
    const isOutcomeKnown = this.beganMs > 0 && !SAFE_METHODS.has(exchange.arrival.method);
    if (!isOutcomeKnown) exchange.status = refusal.status;
    this.host.refuse(this, RPC_ERROR.refused, refusal);
    this.host.intake.abort(exchange);
  }

  /** The session is gone: nobody is left to answer to. */
  abandon(): void {
    this.settled = true;
    this.host.intake.abort(this.exchange!);
  }

  release(): void {
    clearTimeout(this.timer);
    this.chunks = undefined;
  }

  /** A bug of ours: it surfaces as an uncaught error, and the caller is answered all the same. */
  private break(exchange: Exchange, error: unknown): void {
    setImmediate(() => {
      throw error;
    });
    const refusal = problem('internal-error', 'The answer could not be put into a message.');
    exchange.refusal = refusal;
    this.host.refuse(this, RPC_ERROR.refused, refusal);
  }

  private refuseSize(exchange: Exchange, added: number): boolean {
    if (exchange.responseBytes > this.host.answerMaxBytes) {
      this.giveUp(tooLarge(this.host));
    } else if (!this.host.reserve(exchange, added)) {
      this.giveUp(noRoomForAnswer(exchange, 'Too many answers are in memory.'));
    }
    return this.settled;
  }

  private wholeBody(lastChunk: Uint8Array | undefined): Uint8Array {
    const { chunks } = this;
    if (chunks === undefined) return lastChunk ?? EMPTY_BODY;
    if (lastChunk !== undefined) chunks.push(lastChunk);
    return Buffer.concat(chunks);
  }

  private finish(exchange: Exchange): void {
    const nowMs = performance.now();
    exchange.stageMs[STAGE.respond] = nowMs - this.beganMs;
    exchange.stageMs[STAGE.total] = nowMs - exchange.arrival.arrivedMs;
    exchange.complete();
  }
}

function expire(call: Call): void {
  call.giveUp(problem('deadline-exceeded', 'No answer came within deadlineMs of the call.'));
}

function tooLarge({ answerMaxBytes }: CallHost): Problem {
  return problem('answer-too-large', `An answer may have ${answerMaxBytes} bytes.`);
}

/** What is left of the limits, in place of what an upstream says of its own. */
function withPolicy(
  headers: readonly string[],
  policyFields: readonly string[] | undefined,
): readonly string[] {
  if (policyFields === undefined) return headers;
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    if (!headers[i]!.startsWith('ratelimit')) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept.concat(policyFields);
}
