/** What goes out on one session's socket, and how much of it may wait for the peer. */
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { MessageSocket } from '../../core/sessions.ts';
import type { AppUse } from './app-use.ts';

/** Largest answers that fit behind a full send buffer: those of calls that were taken before. */
export const ANSWERS_AHEAD = 4;
/** Once half of what may wait in all is used, one app may have this share of it. */
const APP_SHARE = 1 / 8;
/**
 * What each session may let wait however much waits for others: a moment's delay of its peer, so
 * that the silent cost the others nothing. 19,000 sessions of it are 311 MB.
 */
const OWN_SHARE_BYTES = 16_384;
const SENT = 1;

export class Outbox {
  private readonly config: Config['webSocket'];
  private readonly counters: CounterSet;
  private readonly use: AppUse;
  private readonly isBinary: boolean;
  private readonly isCompressed: boolean;
  private socket: MessageSocket | undefined;
  /** Bytes that the kernel has not taken; those of all sessions are added up in a gauge. */
  private waitingBytes = 0;
  /** Answers of batches that are not complete; they count as waiting. */
  private heldBytes = 0;
  /** Monotonic milliseconds since when the peer has read nothing of what waits. */
  private stalledSinceMs = 0;

  constructor(config: Config['webSocket'], counters: CounterSet, use: AppUse, isBinary: boolean) {
    this.config = config;
    this.counters = counters;
    this.use = use;
    this.isBinary = isBinary;
    this.isCompressed = config.compression !== 'off';
  }

  open(socket: MessageSocket): void {
    this.socket = socket;
  }

  close(): void {
    this.socket = undefined;
    this.setWaiting(0);
    this.release(this.heldBytes);
  }

  /** Whether a close frame would stand behind bytes that the peer may never read. */
  get isWaiting(): boolean {
    return this.waitingBytes > 0;
  }

  /** Whether no event and no new call is to add to what waits. */
  get isFull(): boolean {
    return this.waitingBytes > this.config.sendBufferMaxBytes;
  }

  /**
   * Whether those who were held back may go on. Not before there is room in all: pages of the
   * journal that cannot be sent would be read again and again.
   */
  get hasRoom(): boolean {
    const { waitingBytes } = this;
    return waitingBytes <= this.config.sendBufferMaxBytes / 2 && this.mayWait(waitingBytes, 1);
  }

  /** False where the peer has left so much unread that even this must not be added. */
  send(message: Uint8Array): boolean {
    const { socket } = this;
    if (socket === undefined) return true;
    if (this.waitingBytes > 0 && !this.mayWait(this.waitingBytes, message.length)) return false;
    const outcome = socket.send(message, this.isBinary, this.isCompressed);
    if (outcome === SENT && this.waitingBytes === 0) return true;
    if (this.waitingBytes === 0) this.stalledSinceMs = performance.now();
    this.setWaiting(socket.getBufferedAmount());
    return true;
  }

  /** Counts an answer that waits for the rest of its batch; false where there is no room for it. */
  hold(bytes: number): boolean {
    if (!this.mayWait(this.heldBytes, bytes)) return false;
    this.heldBytes += bytes;
    this.count(bytes);
    return true;
  }

  release(bytes: number): void {
    // Nothing is held any more once the session is closed.
    const released = Math.min(bytes, this.heldBytes);
    this.heldBytes -= released;
    this.count(-released);
  }

  /** The peer has read something. */
  onDrain(): void {
    this.stalledSinceMs = performance.now();
    this.measure();
  }

  /** Whether nothing of what waits was read since `limitMs`. */
  isStalledSince(limitMs: number): boolean {
    this.measure();
    return this.waitingBytes > 0 && this.stalledSinceMs <= limitMs;
  }

  private measure(): void {
    if (this.socket !== undefined) this.setWaiting(this.socket.getBufferedAmount());
  }

  private mayWait(ownBytes: number, added: number): boolean {
    const { sendBufferMaxBytes, sendBuffersMaxBytes, answerMaxBytes } = this.config;
    if (ownBytes + added > sendBufferMaxBytes + ANSWERS_AHEAD * answerMaxBytes) return false;
    if (ownBytes + added <= OWN_SHARE_BYTES) return true;
    const total = this.counters.get('websocket_send_buffered_bytes') + added;
    if (total <= sendBuffersMaxBytes / 2) return true;
    const isFairShare = this.use.waitingBytes + added <= sendBuffersMaxBytes * APP_SHARE;
    return isFairShare && total <= sendBuffersMaxBytes;
  }

  private setWaiting(bytes: number): void {
    this.count(bytes - this.waitingBytes);
    this.waitingBytes = bytes;
  }

  private count(added: number): void {
    this.counters.add('websocket_send_buffered_bytes', added);
    this.use.waitingBytes += added;
  }
}
