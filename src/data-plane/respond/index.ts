// Receives the answer's head and bytes from upstream, or the first problem.
// Adds the status and the bytes that the partner got; it is the only writer to the socket.
// May refuse nothing: it is where refusals end.
import type { CounterSet } from '../../core/counters.ts';
import { Deadlines } from '../../core/deadlines.ts';
import type { EvenRelease } from '../../core/even-release.ts';
import type { AnswerSink, Exchange } from '../../core/exchange.ts';
import { type Problem, problemDocument } from '../../core/problems.ts';
import { proofChallenge, tokenChallenge } from '../../core/token-challenge.ts';
import { HttpAnswer, type HttpAnswerResponse } from './http-answer.ts';
import { type AnswerSigner, SignedAnswer } from './signed-answer.ts';

export type { HttpAnswerResponse } from './http-answer.ts';
export type { AnswerSigner } from './signed-answer.ts';

const SWEEP_INTERVAL_MS = 50;
/** Well within the time after which uWebSockets.js closes a connection that takes nothing. */
const REMIND_INTERVAL_MS = 8_000;

export interface ResponderOptions {
  /** Undefined where answers are not signed. */
  readonly signer?: AnswerSigner | undefined;
  readonly respondTimeoutMs: number;
  readonly counters: CounterSet;
}

/** What the answers of one front thread share. */
export class Responder {
  readonly counters: CounterSet;
  /** Answers whose peer reads nothing at the moment. */
  readonly stalled: Deadlines<HttpAnswer>;
  readonly reminded = new Deadlines<HttpAnswer>(REMIND_INTERVAL_MS);
  /** While draining answers ask their partners to take another connection. */
  leaving: EvenRelease | undefined;
  private readonly signer: AnswerSigner | undefined;
  private readonly sweeper: NodeJS.Timeout;

  constructor(options: ResponderOptions) {
    this.counters = options.counters;
    this.signer = options.signer;
    this.stalled = new Deadlines(options.respondTimeoutMs);
    this.sweeper = setInterval(() => this.sweep(performance.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  readonly openSink = (res: HttpAnswerResponse): AnswerSink => {
    const answer = new HttpAnswer(res, this);
    return this.signer === undefined ? answer : new SignedAnswer(answer, this.signer);
  };

  /** Writes the problem document (RFC 9457 section 3) and completes the exchange. */
  readonly writeProblem = (exchange: Exchange, refusal: Problem): void => {
    const { sink } = exchange.transport;
    const headers = ['content-type', 'application/problem+json', 'cache-control', 'no-store'];
    if (refusal.retryAfterSeconds !== undefined) {
      headers.push('retry-after', String(refusal.retryAfterSeconds));
    }
    if (refusal.status === 401) {
      headers.push('www-authenticate', challengeOf(refusal, exchange.header('authorization')));
    }
    headers.push(...refusal.headers);
    const body = Buffer.from(problemDocument(refusal, exchange.arrival.requestId));
    const hasBody = exchange.arrival.method !== 'HEAD';
    sink.begin(exchange, refusal.status, headers, body.length, hasBody);
    sink.end(exchange, hasBody ? body : undefined);
  };

  readonly release = (exchange: Exchange): void => {
    const { sink } = exchange.transport;
    (sink instanceof SignedAnswer ? sink.answer : (sink as HttpAnswer)).release(exchange);
  };

  close(): void {
    clearInterval(this.sweeper);
  }

  private sweep(nowMs: number): void {
    this.stalled.expire(nowMs, cutAnswer);
    this.reminded.expire(nowMs, remindAnswer);
  }
}

function cutAnswer(answer: HttpAnswer): void {
  answer.cut();
}

function remindAnswer(answer: HttpAnswer): void {
  answer.remind();
}

/** A signature's scheme has no parameters. */
function challengeOf({ name }: Problem, authorization: string | undefined): string {
  if (name === 'dpop-nonce-required') return proofChallenge('error="use_dpop_nonce"');
  if (name.startsWith('dpop-')) return proofChallenge('error="invalid_dpop_proof"');
  if (!name.startsWith('token-')) return 'Signature';
  return tokenChallenge(authorization, 'error="invalid_token"');
}
