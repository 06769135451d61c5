/** One session that subscribes and then only listens. */
import { connect, type Socket } from 'node:net';
import { BROKEN, MORE } from '../load/answer-reader.ts';
import { clientFrame, OPCODE } from '../load/session/client-frames.ts';
import { type Handshake, REFUSED, UNFINISHED } from '../load/session/handshake.ts';
import { ServerFrames } from '../load/session/server-frames.ts';
import type { EventLog } from './event-log.ts';

/** All sessions of a process read into this one buffer: a read is handled whole before the next. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

export interface SubscriberOwner {
  readonly log: EventLog;
  onEvent(): void;
  onFault(): void;
  /** `how`: the code of the close frame, `reset`, or why it never opened. */
  onClosed(how: string): void;
}

export interface SubscriberTarget {
  readonly host: string;
  readonly port: number;
  readonly topics: readonly string[];
}

export class SubscriberSession {
  private readonly owner: SubscriberOwner;
  private readonly target: SubscriberTarget;
  private readonly socket: Socket;
  private readonly frames = new ServerFrames();
  private readonly subscribed = Promise.withResolvers<void>();
  private handshake: Handshake | undefined;
  /** Results that are still to come. */
  private resultsDue: number;
  private lastSequence = 0;
  private closedBy = 'reset';

  constructor(
    owner: SubscriberOwner,
    target: SubscriberTarget,
    handshake: Handshake,
    localAddress: string | undefined,
  ) {
    this.owner = owner;
    this.target = target;
    this.handshake = handshake;
    this.resultsDue = target.topics.length;
    this.socket = connect({
      ...{ host: target.host, port: target.port, noDelay: true },
      ...(localAddress === undefined ? {} : { localAddress }),
      onread: { buffer: readBuffer, callback: length => this.onBytes(length) },
    });
    this.socket.once('connect', () => this.socket.write(handshake.text, 'latin1'));
    // 'close' follows every error and every end.
    this.socket.on('error', error => {
      this.closedBy = error.message;
    });
    this.socket.once('close', () => this.onClose());
    // Whoever waits hears of it; nobody waits for one that is lost later.
    this.subscribed.promise.catch(() => undefined);
  }

  /** Resolves when every topic is subscribed to; rejects where the session ends before. */
  get whenSubscribed(): Promise<void> {
    return this.subscribed.promise;
  }

  /** Reads no more. */
  pause(): void {
    this.socket.pause();
  }

  private onBytes(length: number): boolean {
    const headEnd = this.handshake?.read(readBuffer, length) ?? 0;
    if (headEnd === UNFINISHED) return true;
    if (headEnd === REFUSED) return this.end(this.handshake!.refusal);
    if (this.handshake !== undefined) this.subscribe();
    this.frames.feed(readBuffer, headEnd, length);
    for (;;) {
      const found = this.frames.next();
      if (found === MORE) return true;
      if (found === BROKEN) return this.end('a broken frame');
      if (!this.takeFrame()) return false;
    }
  }

  private subscribe(): void {
    this.handshake = undefined;
    for (const [id, topic] of this.target.topics.entries()) {
      const message = { jsonrpc: '2.0', id, method: 'subscribe', params: { topic } };
      const payload = Buffer.from(JSON.stringify(message));
      this.socket.write(clientFrame(OPCODE.text, payload).bytes);
    }
  }

  /** False where the session ends. */
  private takeFrame(): boolean {
    const { opcode, bytes, start, length } = this.frames;
    switch (opcode) {
      case OPCODE.ping: {
        const pong = clientFrame(OPCODE.pong, bytes.subarray(start, start + length));
        this.socket.write(pong.bytes);
        return true;
      }
      case OPCODE.close:
        return this.end(length < 2 ? 'closed' : String(bytes.readUInt16BE(start)));
    }
    if (this.resultsDue > 0) return this.takeResult(bytes.toString('utf8', start, start + length));
    const event = this.owner.log.find(bytes, start, length);
    if (event === undefined || event.sequence <= this.lastSequence) {
      this.owner.onFault();
      return true;
    }
    this.lastSequence = event.sequence;
    this.owner.onEvent();
    this.owner.log.take(event);
    return true;
  }

  private takeResult(text: string): boolean {
    const { result } = JSON.parse(text) as { result?: { cursor?: unknown } };
    if (typeof result?.cursor !== 'string') return this.end(`subscribe was answered with ${text}`);
    this.resultsDue -= 1;
    if (this.resultsDue === 0) this.subscribed.resolve();
    return true;
  }

  private end(how: string): false {
    this.closedBy = how;
    this.socket.destroy();
    return false;
  }

  private onClose(): void {
    this.subscribed.reject(new Error(`a subscriber could not be opened: ${this.closedBy}`));
    this.owner.onClosed(this.closedBy);
  }
}
