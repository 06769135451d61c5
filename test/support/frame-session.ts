/** An open WebSocket as its frames: what was sent to it, and what comes when. */
import type { Socket } from 'node:net';
import {
  closePayload,
  encodeFragments,
  encodeFrame,
  type Frame,
  type FrameFields,
  FrameParser,
  OPCODE,
} from './frame-codec.ts';

/** What arrives and is not taken; a test that lets more pile up has forgotten to read. */
const UNREAD_MAX = 100_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const NO_STATUS = 1005;
const ABNORMAL = 1006;

export interface SessionConduct {
  /** Whether a ping is answered by itself; true by default. */
  readonly answersPings?: boolean;
  /** Whether a close frame is answered by itself; true by default. */
  readonly answersClose?: boolean;
}

export interface ReceivedMessage {
  readonly opcode: number;
  readonly bytes: Buffer;
  readonly text: string;
  /** How many frames brought it. */
  readonly frames: number;
}

export interface SessionEnd {
  /** Of the close frame; 1005 where it had none, 1006 where there was no close frame. */
  readonly code: number;
  readonly reason: string;
  /** Whether the connection was reset rather than closed. */
  readonly wasReset: boolean;
}

export class SessionClosed extends Error {
  override readonly name = 'SessionClosed';
  readonly end: SessionEnd;

  constructor(end: SessionEnd) {
    super(`the session ended with ${end.code} ${end.reason}`);
    this.end = end;
  }
}

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** What has arrived and who waits for it: never both. */
class Inbox<T> {
  private readonly items: T[] = [];
  private readonly waiters: Waiter<T>[] = [];
  private end: Error | undefined;

  get isFull(): boolean {
    return this.items.length >= UNREAD_MAX;
  }

  put(item: T): void {
    const waiter = this.waiters.shift();
    if (waiter === undefined) this.items.push(item);
    else waiter.resolve(item);
  }

  /** Nothing more will come; what is there may still be taken. */
  close(error: Error): void {
    this.end = error;
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
  }

  take(timeoutMs: number, what: string): Promise<T> {
    if (this.items.length > 0) return Promise.resolve(this.items.shift()!);
    if (this.end !== undefined) return Promise.reject(this.end);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter = { resolve, reject };
    this.waiters.push(waiter);
    const timer = setTimeout(() => {
      this.waiters.splice(this.waiters.indexOf(waiter), 1);
      reject(new Error(`no ${what} within ${timeoutMs} ms`));
    }, timeoutMs);
    return promise.finally(() => clearTimeout(timer));
  }
}

export class FrameSession {
  readonly socket: Socket;
  private readonly conduct: SessionConduct;
  private readonly parser = new FrameParser();
  private readonly messages = new Inbox<ReceivedMessage>();
  private readonly controls = new Inbox<Frame>();
  private readonly ending = Promise.withResolvers<SessionEnd>();
  private fragments: Frame[] = [];
  private closeFrame: Frame | undefined;
  private closeSent = false;
  private wasReset = false;
  private failure: Error | undefined;

  /** @param rest what came behind the head of the handshake's answer */
  constructor(socket: Socket, rest: Buffer, conduct: SessionConduct = {}) {
    this.socket = socket;
    this.conduct = conduct;
    // Somebody may never ask how it ended.
    this.ending.promise.catch(() => undefined);
    socket.on('data', chunk => this.receive(chunk as Buffer));
    socket.on('error', error => {
      this.wasReset ||= (error as NodeJS.ErrnoException).code === 'ECONNRESET';
    });
    socket.on('close', () => this.finish());
    this.receive(rest);
    socket.resume();
  }

  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  /** Bytes as they are; resolves when the kernel has them or the connection is gone. */
  write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.socket.write(bytes, () => resolve());
    return promise;
  }

  frame(fields: FrameFields): Promise<void> {
    return this.write(encodeFrame(fields));
  }

  text(text: string): Promise<void> {
    return this.frame({ payload: text });
  }

  binary(payload: Uint8Array): Promise<void> {
    return this.frame({ opcode: OPCODE.binary, payload });
  }

  json(message: unknown): Promise<void> {
    return this.text(JSON.stringify(message));
  }

  /** One message in several frames, cut at these offsets. */
  fragmented(payload: string | Uint8Array, cuts: readonly number[], opcode?: number) {
    return this.write(Buffer.concat(encodeFragments(payload, cuts, opcode)));
  }

  ping(payload: string | Uint8Array = ''): Promise<void> {
    return this.frame({ opcode: OPCODE.ping, payload });
  }

  /** A close frame; without a code an empty one. */
  close(code?: number, reason?: string | Uint8Array): Promise<void> {
    this.closeSent = true;
    return this.frame({ opcode: OPCODE.close, payload: closePayload(code, reason) });
  }

  /** In pieces of so many bytes, each in a turn of the loop and a segment of its own. */
  async dribble(bytes: Uint8Array, pieceBytes = 1): Promise<void> {
    for (let at = 0; at < bytes.length && this.isOpen; at += pieceBytes) {
      await this.write(bytes.subarray(at, at + pieceBytes));
      await new Promise(setImmediate);
    }
  }

  /** The next text or binary message. Rejects with SessionClosed where none will come. */
  nextMessage(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<ReceivedMessage> {
    return this.messages.take(timeoutMs, 'message');
  }

  async nextJson<T = unknown>(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<T> {
    return JSON.parse((await this.nextMessage(timeoutMs)).text) as T;
  }

  /** The next ping or pong. Rejects with SessionClosed where none will come. */
  nextControl(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Frame> {
    return this.controls.take(timeoutMs, 'control frame');
  }

  /** How it ended, once the connection is gone. */
  closed(timeoutMs = DEFAULT_TIMEOUT_MS): Promise<SessionEnd> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`still open after ${timeoutMs} ms`)),
      timeoutMs,
    );
    return Promise.race([this.ending.promise, promise]).finally(() => clearTimeout(timer));
  }

  /** Stops reading, so that the peer's answers pile up. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Leaves without a close frame. */
  destroy(): void {
    this.socket.destroy();
  }

  /** Leaves with a reset of the connection. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  private receive(chunk: Buffer): void {
    for (const frame of this.parser.push(chunk)) this.accept(frame);
  }

  private accept(frame: Frame): void {
    if (this.messages.isFull || this.controls.isFull) {
      this.failure = new Error(`more than ${UNREAD_MAX} messages are unread`);
      this.socket.destroy();
      return;
    }
    if (frame.opcode === OPCODE.close) this.acceptClose(frame);
    else if (frame.opcode >= OPCODE.close) this.acceptControl(frame);
    else this.acceptData(frame);
  }

  private acceptClose(frame: Frame): void {
    this.closeFrame ??= frame;
    if (this.closeSent || this.conduct.answersClose === false) return;
    this.closeSent = true;
    void this.frame({ opcode: OPCODE.close, payload: frame.payload.subarray(0, 2) });
  }

  private acceptControl(frame: Frame): void {
    if (frame.opcode === OPCODE.ping && this.conduct.answersPings !== false) {
      void this.frame({ opcode: OPCODE.pong, payload: frame.payload });
    }
    this.controls.put(frame);
  }

  private acceptData(frame: Frame): void {
    this.fragments.push(frame);
    if (!frame.fin) return;
    const frames = this.fragments;
    this.fragments = [];
    const bytes = Buffer.concat(frames.map(({ payload }) => payload));
    const text = bytes.toString('utf8');
    this.messages.put({ opcode: frames[0]!.opcode, bytes, text, frames: frames.length });
  }

  private finish(): void {
    const end = this.end();
    const error = this.failure ?? new SessionClosed(end);
    this.messages.close(error);
    this.controls.close(error);
    if (this.failure === undefined) this.ending.resolve(end);
    else this.ending.reject(this.failure);
  }

  private end(): SessionEnd {
    const { wasReset } = this;
    if (this.closeFrame === undefined) return { code: ABNORMAL, reason: '', wasReset };
    const { payload } = this.closeFrame;
    if (payload.length < 2) return { code: NO_STATUS, reason: '', wasReset };
    return { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2), wasReset };
  }
}
