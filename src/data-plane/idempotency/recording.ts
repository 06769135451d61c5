/** Takes the answer of one call with a key, keeps it, and hands it on when it is durable. */
import { type BodyHolder, releaseBodyBytes } from '../../core/body-budget.ts';
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { AnswerRecorder, Exchange } from '../../core/exchange.ts';
import { STAGE } from '../../core/stages.ts';
import type { IdempotencyStore } from '../../stores/idempotency-contract.ts';

export interface IdempotencyOptions {
  readonly store: IdempotencyStore;
  readonly counters: CounterSet;
  readonly clock: Clock;
  /** Largest body of an answer that is kept. */
  readonly answerMaxBytes: number;
  /** Of bodies in memory: false where there is no room for an answer of so many bytes by now. */
  readonly reserve: (holder: BodyHolder, bytes: number) => boolean;
}

/**
 * The server says with them that it has not acted on the call (RFC 9110 section 15.6.4, RFC 6585
 * section 4): a repeat is to reach it.
 */
const NOT_ACTED_ON: ReadonlySet<number> = new Set([429, 503]);

type State =
  /** The answer is awaited or gathered; nothing of it has left. */
  | 'gathering'
  /** The store has it; nothing of it has left. */
  | 'keeping'
  /** What comes of it goes on to the caller. */
  | 'passing';

export class Recording implements AnswerRecorder {
  private readonly options: IdempotencyOptions;
  private readonly exchange: Exchange;
  private readonly claim: number;
  private state: State = 'gathering';
  /** The store is told how the claim ended. */
  private isSettled = false;
  /** The caller has another answer. */
  private isDetached = false;
  private status = 0;
  private headers: readonly string[] = [];
  private contentLength: number | undefined;
  private hasBody = true;
  private chunks: Uint8Array[] = [];
  private bytes = 0;
  /** Of what is gathered when the exchange is over and has given back what it held. */
  private readonly afterwards: BodyHolder = { bodyReservedBytes: 0, answerReservedBytes: 0 };
  /** The source has given all of it. */
  private hasEnded = false;
  /** The source broke off before that. */
  private isBroken = false;

  constructor(options: IdempotencyOptions, exchange: Exchange, claim: number) {
    this.options = options;
    this.exchange = exchange;
    this.claim = claim;
  }

  begin(
    exchange: Exchange,
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    this.status = status;
    this.headers = headers;
    this.contentLength = contentLength;
    this.hasBody = hasBody;
    if (exchange.aborted) exchange.status = status;
    const length = hasBody ? (contentLength ?? 0) : 0;
    if (length > this.options.answerMaxBytes || !this.holds(length)) this.keep(undefined);
  }

  write(exchange: Exchange, chunk: Uint8Array): boolean {
    if (this.state === 'passing') return this.pass(exchange, chunk);
    this.gather(chunk);
    if (this.state === 'gathering' && !this.mayBeKept()) this.keep(undefined);
    return this.state !== 'keeping';
  }

  end(exchange: Exchange, lastChunk?: Uint8Array): void {
    this.hasEnded = true;
    if (this.state === 'passing') return this.passEnd(exchange, lastChunk);
    if (lastChunk !== undefined) this.gather(lastChunk);
    if (this.state === 'keeping') return;
    if (NOT_ACTED_ON.has(this.status)) return this.freeKey();
    this.keep(this.mayBeKept() ? this.wholeBody() : undefined);
  }

  abort(exchange: Exchange): void {
    this.isBroken = true;
    if (this.state === 'passing') return this.breakOff(exchange);
    // What is being kept says that there was an answer: what follows it is the store's word.
    if (this.state === 'keeping') return;
    this.lose();
    this.deliver();
  }

  detach(): void {
    this.isDetached = true;
  }

  /** The exchange is over, and no answer has come: what is known of the call decides. */
  onCompleted(exchange: Exchange): void {
    if (this.isSettled || this.isDetached) return;
    if (exchange.attempts === 0) this.free();
    else this.lose();
  }

  /** What there is no room for is not kept, and the caller has it all the same. */
  private mayBeKept(): boolean {
    return this.bytes <= this.options.answerMaxBytes && this.holds(this.bytes);
  }

  private holds(bytes: number): boolean {
    const { exchange, afterwards, options } = this;
    return options.reserve(exchange.completed ? afterwards : exchange, bytes);
  }

  /** Nothing leaves before the store has it; `body` is undefined where it is not to be kept. */
  private keep(body: Uint8Array | undefined): void {
    const { clock, counters, store } = this.options;
    const { claim, exchange, headers, status } = this;
    const startedMs = clock.monotonicMs();
    this.state = 'keeping';
    this.isSettled = true;
    store.keep({
      ...{ claim, status, headers, body },
      settle: isKept => {
        exchange.stageMs[STAGE.policy]! += clock.monotonicMs() - startedMs;
        if (!isKept) counters.add('idempotency_answers_lost');
        this.deliver();
      },
    });
  }

  private freeKey(): void {
    this.free();
    this.deliver();
  }

  private free(): void {
    this.isSettled = true;
    this.options.store.release(this.claim);
  }

  private lose(): void {
    this.isSettled = true;
    this.options.counters.add('idempotency_outcomes_lost');
    this.options.store.lose(this.claim);
  }

  /** What was gathered goes to the caller, if it is still there to take it. */
  private deliver(): void {
    const { exchange } = this;
    this.state = 'passing';
    releaseBodyBytes(this.afterwards, this.options.counters);
    if (this.isGone(exchange)) {
      this.chunks = [];
      if (exchange.aborted && (this.hasEnded || this.isBroken)) this.passEnd(exchange, undefined);
      else exchange.source?.resume();
      return;
    }
    if (this.isBroken) return exchange.resume(exchange.refusal);
    const { sink } = exchange;
    sink.begin(exchange, this.status, this.headers, this.contentLength, this.hasBody);
    if (this.hasEnded) {
      sink.end(exchange, this.bytes === 0 ? undefined : this.wholeBody());
      return;
    }
    let keepsUp = true;
    for (const chunk of this.chunks) keepsUp = sink.write(exchange, chunk);
    this.chunks = [];
    if (keepsUp) exchange.source?.resume();
  }

  private isGone(exchange: Exchange): boolean {
    return this.isDetached || exchange.isOver || exchange.aborted;
  }

  private pass(exchange: Exchange, chunk: Uint8Array): boolean {
    return this.isGone(exchange) || exchange.sink.write(exchange, chunk);
  }

  private passEnd(exchange: Exchange, lastChunk: Uint8Array | undefined): void {
    if (this.isDetached || exchange.completed) return;
    if (exchange.aborted) exchange.status = this.status;
    exchange.sink.end(exchange, lastChunk);
  }

  private breakOff(exchange: Exchange): void {
    if (!this.isDetached && !exchange.completed) exchange.sink.abort(exchange);
  }

  /** The source's bytes lie in a buffer that is used again. */
  private gather(chunk: Uint8Array): void {
    this.chunks.push(new Uint8Array(chunk));
    this.bytes += chunk.length;
  }

  private wholeBody(): Uint8Array {
    return this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
  }
}
