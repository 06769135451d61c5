/** The answer to one HTTP exchange, written to its uWebSockets.js response object. */
import type { HttpResponse } from 'uWebSockets.js';
import type { CounterSet } from '../../core/counters.ts';
import { Deadline, type Deadlines } from '../../core/deadlines.ts';
import type { EvenRelease } from '../../core/even-release.ts';
import type { AnswerSink, Exchange } from '../../core/exchange.ts';
import { serverTiming } from '../../core/server-timing.ts';
import { STAGE } from '../../core/stages.ts';
import { STATUS_LINES } from './status-lines.ts';

export type HttpAnswerResponse = HttpResponse;

/** What an answer needs of the thread that it belongs to. */
export interface AnswerHost {
  readonly counters: CounterSet;
  /** Answers whose peer takes nothing at the moment, until respondTimeoutMs. */
  readonly stalled: Deadlines<HttpAnswer>;
  /** The same ones, until uWebSockets.js has to be told again that they are wanted. */
  readonly reminded: Deadlines<HttpAnswer>;
  /** While the front ends: asks whose turn it is to take another connection. */
  readonly leaving: EvenRelease | undefined;
}

/** Set by us, or by uWebSockets.js (date, framing); an upstream's value would stand there twice. */
const OWN_FIELDS = new Set(['date', 'x-request-id', 'content-length', 'transfer-encoding']);
/** Of a deprecated API: the registry says when it goes, whatever its server thinks. */
const OWN_FIELDS_OF_DEPRECATED = new Set([...OWN_FIELDS, 'deprecation', 'sunset']);
/** Of a call with limits: what is left of them, whatever limits its server has besides. */
const POLICY_FIELDS = ['ratelimit', 'ratelimit-policy'];
const OWN_FIELDS_OF_LIMITED = new Set([...OWN_FIELDS, ...POLICY_FIELDS]);
const OWN_FIELDS_OF_BOTH = new Set([...OWN_FIELDS_OF_DEPRECATED, ...POLICY_FIELDS]);
const NO_BYTES = new Uint8Array(0);
/**
 * What is offered to a peer that is behind on a chunked answer. uWebSockets.js keeps what the
 * kernel does not take and tells nobody how much; only the next write says whether something is
 * kept. So a small offer comes first, and larger ones when it shows that nothing is.
 */
const PROBE_BYTES = 256;
const PIECE_BYTES = 8_192;
/**
 * A body that was gathered may be longer than this, which is what a read of a socket brings: the
 * call is over only when its peer has taken it, in its time and counted until then.
 */
const AT_ONCE_MAX_BYTES = 65_536;

/** The native part copies before it returns, so all heads are put down here: 0.1 µs less each. */
const headBuffer = Buffer.allocUnsafeSlow(65_536);

function headBytes(head: string): Uint8Array {
  if (head.length > headBuffer.length) return Buffer.from(head, 'latin1');
  return headBuffer.subarray(0, headBuffer.write(head, 0, 'latin1'));
}

function nothing(): void {}

export class HttpAnswer implements AnswerSink {
  private readonly res: HttpResponse;
  private readonly host: AnswerHost;
  private head = '';
  private contentLength: number | undefined;
  private hasBody = true;
  /** The head is held back until the first body bytes, so that both leave in one write. */
  private headSent = false;
  private beganMs = 0;
  /** What the peer has not taken yet of what the source gave. */
  private unsent: Uint8Array | undefined;
  /** With chunks: uWebSockets.js holds bytes that the kernel did not take. */
  private behind = false;
  /** The peer takes nothing; `drain` is called when it does. */
  private waiting = false;
  /** Made when it waits first; most answers never do. */
  private stall: Deadline<HttpAnswer> | undefined;
  private reminder: Deadline<HttpAnswer> | undefined;
  /** The last attempt to send got something away. */
  private moved = false;
  /**
   * uWebSockets.js has all that Content-Length announced; the response object must not be touched.
   */
  private responded = false;
  private ended = false;
  /** Of its connection. */
  private isLast = false;
  private exchange: Exchange | undefined;

  constructor(res: HttpResponse, host: AnswerHost) {
    this.res = res;
    this.host = host;
  }

  begin(
    exchange: Exchange,
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    this.exchange = exchange;
    this.beganMs = performance.now();
    this.isLast = this.host.leaving?.isDue(this.beganMs) ?? false;
    this.contentLength = contentLength;
    this.hasBody = hasBody;
    this.head = answerHead(exchange, status, headers);
    exchange.status = status;
  }

  write(exchange: Exchange, chunk: Uint8Array): boolean {
    if (exchange.aborted) return true;
    exchange.responseBytes += chunk.length;
    if (this.unsent !== undefined) {
      this.unsent = Buffer.concat([this.unsent, chunk]);
      return false;
    }
    // Without this handler uWebSockets.js starts its idle time while the source pauses.
    if (!this.headSent) this.res.onWritable(() => this.drain());
    this.moved = false;
    const keepsUp = this.send(chunk, false);
    if (keepsUp && this.waiting) this.stopWaiting();
    else if (!keepsUp && (this.moved || !this.waiting)) this.wait();
    return keepsUp;
  }

  end(exchange: Exchange, lastChunk?: Uint8Array): void {
    if (exchange.aborted) return exchange.complete();
    if (!this.headSent && !this.isLong(lastChunk)) return this.endWhole(exchange, lastChunk);
    if (lastChunk !== undefined) this.write(exchange, lastChunk);
    this.ended = true;
    if (!this.waiting) this.endStream();
  }

  abort(exchange: Exchange): void {
    if (!this.headSent) exchange.status = 0;
    const open = !exchange.aborted && !this.responded;
    // Completed first: what the abort handler hears next is not the peer's doing.
    exchange.complete();
    if (open) this.res.close();
  }

  /** The peer has taken nothing for respondTimeoutMs. The abort handler ends the exchange. */
  cut(): void {
    if (!this.isOpen()) return;
    this.host.counters.add('respond_timed_out');
    this.res.close();
  }

  /**
   * Offers again what waits. uWebSockets.js closes a connection about 30 s after the last failed
   * write (measured), whatever respondTimeoutMs says; another failure starts that time anew.
   */
  remind(): void {
    if (!this.isOpen()) return;
    this.host.reminded.set(this.reminder!, performance.now());
    if (this.unsent !== undefined) this.drain();
    // Everything is with uWebSockets.js: only more of the answer can fail.
    else if (!this.ended) this.exchange!.source?.resume();
  }

  /** The exchange is over, however it ended. */
  release(exchange: Exchange): void {
    if (this.waiting) this.stopWaiting();
    if (this.unsent !== undefined) exchange.responseBytes -= this.unsent.length;
    this.unsent = undefined;
    this.host.counters.add('response_bytes', exchange.responseBytes);
  }

  /** Whether the peer is there and still owed something. */
  private isOpen(): boolean {
    const exchange = this.exchange!;
    return !exchange.aborted && !exchange.completed;
  }

  /** Given to the native part whole, it would lie there for a peer that reads nothing. */
  private isLong(body: Uint8Array | undefined): boolean {
    return (
      this.contentLength !== undefined && body !== undefined && body.length > AT_ONCE_MAX_BYTES
    );
  }

  private endWhole(exchange: Exchange, body: Uint8Array | undefined): void {
    if (body !== undefined) exchange.responseBytes += body.length;
    this.res.cork(() => {
      const closes = this.closes();
      if (this.hasBody) {
        this.sendHead(false);
        this.res.end(body ?? NO_BYTES, closes);
      } else {
        this.endWithoutBody(closes);
      }
    });
    this.finish();
  }

  private endWithoutBody(closes: boolean): void {
    const { contentLength } = this;
    // RFC 9110 section 8.6: no Content-Length with 204. A length that is undefined must not be
    // passed on as an argument: the native part would announce 2^63 bytes.
    if (contentLength === undefined || this.exchange!.status === 204) {
      this.sendHead(closes);
      this.res.endWithoutBody();
    } else {
      this.sendHead(false);
      this.res.endWithoutBody(contentLength, closes);
    }
  }

  private sendHead(closes: boolean): void {
    if (this.headSent) return;
    this.headSent = true;
    if (closes) this.head += '\r\nconnection: close';
    // One native call for the whole head instead of one a field; bytes, so that obs-text stays.
    this.res.writeStatus(headBytes(this.head));
    this.head = '';
  }

  private closes(): boolean {
    return this.isLast || this.exchange!.closeConnection;
  }

  /** False where the peer does not keep up; what it did not take is then in `unsent`. */
  private send(bytes: Uint8Array, isOurs: boolean): boolean {
    if (this.contentLength !== undefined) return this.sendPart(bytes, isOurs);
    if (this.behind) return this.sendPieces(bytes, isOurs);
    this.res.cork(() => {
      this.sendHead(this.closes());
      this.behind = !this.res.write(bytes);
    });
    return !this.behind;
  }

  private sendPart(bytes: Uint8Array, isOurs: boolean): boolean {
    this.res.cork(() => {
      this.sendHead(this.closes());
      const before = this.res.getWriteOffset();
      const [taken, responded] = this.res.tryEnd(bytes, this.contentLength!);
      this.responded = responded;
      if (taken || responded) return;
      const sent = this.res.getWriteOffset() - before;
      this.moved = sent > 0;
      this.keep(bytes, sent, isOurs);
    });
    return this.unsent === undefined;
  }

  private sendPieces(bytes: Uint8Array, isOurs: boolean): boolean {
    let at = 0;
    let next = PROBE_BYTES;
    while (at < bytes.length) {
      const piece = bytes.subarray(at, at + next);
      this.res.cork(() => {
        this.behind = !this.res.write(piece);
      });
      at += piece.length;
      next = PIECE_BYTES;
      if (this.behind) {
        if (at < bytes.length) this.keep(bytes, at, isOurs);
        return false;
      }
      this.moved = true;
    }
    return true;
  }

  /** The source's bytes lie in a buffer that is used again. A Buffer's own slice would not copy. */
  private keep(bytes: Uint8Array, from: number, isOurs: boolean): void {
    this.unsent = isOurs ? bytes.subarray(from) : new Uint8Array(bytes.subarray(from));
  }

  private wait(): void {
    const nowMs = performance.now();
    this.waiting = true;
    this.stall ??= new Deadline<HttpAnswer>(this);
    this.reminder ??= new Deadline<HttpAnswer>(this);
    this.host.stalled.set(this.stall, nowMs);
    this.host.reminded.set(this.reminder, nowMs);
  }

  private stopWaiting(): void {
    this.waiting = false;
    this.host.stalled.delete(this.stall!);
    this.host.reminded.delete(this.reminder!);
  }

  /** The kernel takes bytes again, or may. */
  private drain(): boolean {
    const { unsent } = this;
    // Empty, so that it only flushes what uWebSockets.js holds: it does not do so by itself.
    if (this.contentLength === undefined) this.res.cork(nothing);
    if (!this.waiting) return true;
    this.unsent = undefined;
    this.moved = false;
    if (unsent !== undefined && unsent.length > 0 && !this.send(unsent, true)) {
      if (this.moved) this.wait();
      return true;
    }
    this.stopWaiting();
    if (this.ended) this.endStream();
    else this.exchange!.source?.resume();
    return true;
  }

  private endStream(): void {
    // Closing was announced with the head or cannot be any more.
    if (!this.responded) this.res.cork(() => this.res.end(NO_BYTES, false));
    this.finish();
  }

  private finish(): void {
    const exchange = this.exchange!;
    const nowMs = performance.now();
    exchange.stageMs[STAGE.respond] = nowMs - this.beganMs;
    exchange.stageMs[STAGE.total] = nowMs - exchange.arrival.arrivedMs;
    exchange.complete();
  }
}

function answerHead(exchange: Exchange, status: number, headers: readonly string[]): string {
  let head = `${STATUS_LINES[status] ?? status}\r\nx-request-id: ${exchange.arrival.requestId}`;
  const announced = exchange.target?.entry.deprecationFields;
  const { policyFields } = exchange;
  const own = ownFields(announced !== undefined, policyFields !== undefined);
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (!own.has(name)) head += `\r\n${name}: ${headers[i + 1]}`;
  }
  if (announced !== undefined) head += fieldLines(announced);
  if (policyFields !== undefined) head += fieldLines(policyFields);
  if (exchange.header('x-xingyun-timing') !== undefined) {
    head += `\r\nserver-timing: ${serverTiming(exchange, performance.now())}`;
  }
  return head;
}

function ownFields(isDeprecated: boolean, isLimited: boolean): ReadonlySet<string> {
  if (isLimited) return isDeprecated ? OWN_FIELDS_OF_BOTH : OWN_FIELDS_OF_LIMITED;
  return isDeprecated ? OWN_FIELDS_OF_DEPRECATED : OWN_FIELDS;
}

function fieldLines(fields: readonly string[]): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `\r\n${fields[i]}: ${fields[i + 1]}`;
  return lines;
}
