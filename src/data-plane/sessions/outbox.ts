/** What goes out on one session's socket, and how much of it may wait for the peer. */
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { MessageSocket } from '../../core/sessions.ts';

/** Largest answers that fit behind a full send buffer: those of calls that were taken before. */
export const ANSWERS_AHEAD = 4;
const SENT = 1;

export class Outbox {
  private readonly config: Config['webSocket'];
  private readonly counters: CounterSet;
  private readonly isBinary: boolean;
  private readonly isCompressed: boolean;
  private socket: MessageSocket | undefined;
  /** Bytes that the kernel has not taken; those of all sessions are added up in a gauge. */
  private waitingBytes = 0;
  /** Monotonic milliseconds since when the peer has read nothing of what waits. */
  private stalledSinceMs = 0;

  constructor(config: Config['webSocket'], counters: CounterSet, isBinary: boolean) {
    this.config = config;
    this.counters = counters;
    this.isBinary = isBinary;
    this.isCompressed = config.compression !== 'off';
  }

  open(socket: MessageSocket): void {
    this.socket = socket;
  }

  close(): void {
    this.socket = undefined;
    this.setWaiting(0);
  }

  /** Whether no event and no new call is to add to what waits. */
  get isFull(): boolean {
    return this.waitingBytes > this.config.sendBufferMaxBytes;
  }

  /** Whether those who were held back may go on. */
  get hasRoom(): boolean {
    return this.waitingBytes <= this.config.sendBufferMaxBytes / 2;
  }

  /** False where the peer has left so much unread that even this must not be added. */
  send(message: Uint8Array): boolean {
    const { socket } = this;
    if (socket === undefined) return true;
    if (this.waitingBytes > 0 && !this.mayWait(message.length)) return false;
    const outcome = socket.send(message, this.isBinary, this.isCompressed);
    if (outcome === SENT && this.waitingBytes === 0) return true;
    if (this.waitingBytes === 0) this.stalledSinceMs = performance.now();
    this.setWaiting(socket.getBufferedAmount());
    return true;
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

  private mayWait(bytes: number): boolean {
    const { sendBufferMaxBytes, sendBuffersMaxBytes, answerMaxBytes } = this.config;
    const ownMaxBytes = sendBufferMaxBytes + ANSWERS_AHEAD * answerMaxBytes;
    if (this.waitingBytes + bytes > ownMaxBytes) return false;
    return this.counters.get('websocket_send_buffered_bytes') + bytes <= sendBuffersMaxBytes;
  }

  private setWaiting(bytes: number): void {
    this.counters.add('websocket_send_buffered_bytes', bytes - this.waitingBytes);
    this.waitingBytes = bytes;
  }
}
