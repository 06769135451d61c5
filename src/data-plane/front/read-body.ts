/**
 * Collects a request's body. Signatures cover the whole body, so nothing goes on before its last
 * byte; in return every limit holds before a byte is kept.
 */
import { releaseBodyBytes, reserveBodyBytes } from '../../core/body-budget.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import { Deadline, Deadlines } from '../../core/deadlines.ts';
import { EMPTY_BODY, type Exchange, PENDING, type StepResult } from '../../core/exchange.ts';
import { type Problem, problem } from '../../core/problems.ts';
import { Resumptions } from '../../core/resumptions.ts';
import { STAGE } from '../../core/stages.ts';
import type { HttpResponse } from './uws.ts';

/** What the head announced, where the bytes come from, and who collects them. */
export interface BodyTransport {
  readonly handle: Pick<HttpResponse, 'onData'>;
  readonly head: { readonly hasBody: boolean; readonly contentLength: number | undefined };
  collector: BodyCollector | undefined;
}

/** A refused body is read away up to this many times bodyMaxBytes, so that its problem is read. */
const DISCARD_FACTOR = 8;
/** First room for a body whose length is not announced; it doubles as the body grows. */
const GROWTH_INITIAL_BYTES = 1_024;

/** The largest body that is taken while memory is short. */
const SHORT_MEMORY_MAX_BYTES = 16_384;

type Limits = Config['limits'];

export class BodyReader {
  private readonly limits: Limits;
  private readonly counters: CounterSet;
  /** Exchanges whose whole body is there. */
  readonly arrived: Resumptions;
  private readonly waiting: Deadlines<BodyCollector>;
  isMemoryShort = false;

  constructor(limits: Limits, counters: CounterSet, defer: (run: () => void) => void) {
    this.limits = limits;
    this.counters = counters;
    this.arrived = new Resumptions(defer);
    this.waiting = new Deadlines(limits.bodyTimeoutMs);
  }

  /** The longest body that is read away behind its refusal. */
  get discardMaxBytes(): number {
    return this.limits.bodyMaxBytes * DISCARD_FACTOR;
  }

  read(exchange: Exchange, transport: BodyTransport): StepResult {
    const { hasBody, contentLength } = transport.head;
    if (!hasBody) return undefined;
    const refusal = this.refuse(exchange, contentLength ?? 0, contentLength ?? 0);
    if (refusal !== undefined) {
      // uWebSockets.js reads an announced body away by itself.
      exchange.closeConnection =
        contentLength === undefined || contentLength > this.discardMaxBytes;
      return refusal;
    }
    const collector = new BodyCollector(exchange, contentLength, this);
    transport.collector = collector;
    this.waiting.set(collector.deadline, performance.now());
    transport.handle.onData((chunk, isLast) => collector.take(chunk, isLast));
    return PENDING;
  }

  /** Refuses the bodies that have not arrived in time. */
  sweep(nowMs: number): void {
    this.waiting.expire(nowMs, collector => {
      this.counters.add('bodies_timed_out');
      collector.expire(
        problem('request-timeout', `No complete body after ${this.limits.bodyTimeoutMs} ms.`),
      );
    });
  }

  /** Gives up what the exchange holds, whether or not its body has come to an end. */
  release(exchange: Exchange, transport: BodyTransport): void {
    transport.collector?.settle();
    this.unreserve(exchange);
    // A check that nobody waits for any more may still hold the exchange.
    exchange.body = EMPTY_BODY;
  }

  /** Checks and reserves `added` bytes of a body that has `bytes` with them. */
  refuse(exchange: Exchange, bytes: number, added: number): Problem | undefined {
    const { bodyMaxBytes, bodiesBufferedMaxBytes } = this.limits;
    if (bytes > bodyMaxBytes) {
      this.counters.add('bodies_refused_size');
      return problem('body-too-large', `The body may have ${bodyMaxBytes} bytes.`);
    }
    if (this.isMemoryShort && bytes > SHORT_MEMORY_MAX_BYTES) {
      this.counters.add('bodies_refused_memory');
      return problem('overloaded', 'Memory is short: only small bodies are taken.');
    }
    if (reserveBodyBytes(exchange, added, this.counters, bodiesBufferedMaxBytes)) return undefined;
    this.counters.add('bodies_refused_memory');
    return problem('overloaded', 'Too many request bodies are in memory.');
  }

  unreserve(exchange: Exchange): void {
    releaseBodyBytes(exchange, this.counters);
  }

  settle(collector: BodyCollector, bytes: number): void {
    this.waiting.delete(collector.deadline);
    this.counters.add('request_bytes', bytes);
  }
}

export class BodyCollector {
  readonly deadline = new Deadline<BodyCollector>(this);
  private readonly exchange: Exchange;
  private readonly announcedBytes: number | undefined;
  private readonly reader: BodyReader;
  private room: Uint8Array = EMPTY_BODY;
  private bytes = 0;
  /** Set while the rest of a refused body is read away. */
  private refusal: Problem | undefined;
  private settled = false;

  constructor(exchange: Exchange, announcedBytes: number | undefined, reader: BodyReader) {
    this.exchange = exchange;
    this.announcedBytes = announcedBytes;
    this.reader = reader;
  }

  take(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.settled) return;
    const added = chunk.byteLength;
    this.bytes += added;
    // An announced length was checked and reserved with the head.
    if (this.announcedBytes === undefined && this.refusal === undefined && added > 0) {
      this.refusal = this.reader.refuse(this.exchange, this.bytes, added);
    }
    if (this.refusal !== undefined) return this.discard(this.refusal, isLast);
    if (added > 0) this.keep(chunk);
    if (isLast) this.finish();
  }

  /** The time is over. What was refused before stays refused for that reason. */
  expire(timeout: Problem): void {
    this.fail(this.refusal ?? timeout);
  }

  settle(): void {
    if (this.settled) return;
    this.settled = true;
    this.room = EMPTY_BODY;
    this.reader.settle(this, this.bytes);
  }

  /**
   * uWebSockets.js empties the chunk when this returns, so it is copied. One room for all of them:
   * a buffer for each would let a body of one-byte chunks take a hundred times its size.
   */
  private keep(chunk: ArrayBuffer): void {
    if (this.bytes > this.room.length) this.grow();
    this.room.set(new Uint8Array(chunk), this.bytes - chunk.byteLength);
  }

  private grow(): void {
    const wanted =
      this.announcedBytes ?? Math.max(this.bytes, 2 * this.room.length, GROWTH_INITIAL_BYTES);
    const larger = Buffer.allocUnsafe(wanted);
    larger.set(this.room);
    this.room = larger;
  }

  private finish(): void {
    const { exchange } = this;
    exchange.body = this.room.subarray(0, this.bytes);
    exchange.bodyBytes = this.bytes;
    exchange.stageMs[STAGE.body] = performance.now() - exchange.arrival.arrivedMs;
    this.settle();
    this.reader.arrived.add(exchange, undefined);
  }

  /**
   * The rest of a body beyond a limit is read away first: an answer and a close now would reach a
   * peer that is still writing as a reset, and the problem would be lost.
   */
  private discard(refusal: Problem, isLast: boolean): void {
    this.room = EMPTY_BODY;
    this.reader.unreserve(this.exchange);
    if (this.bytes > this.reader.discardMaxBytes) return this.fail(refusal);
    if (!isLast) return;
    this.settle();
    this.exchange.resume(refusal);
  }

  private fail(refusal: Problem): void {
    this.settle();
    this.exchange.closeConnection = true;
    this.exchange.resume(refusal);
  }
}
