/** One connection of a generator: at most one request in flight. */
import { connect, type Socket } from 'node:net';
import { COMPLETE, MORE } from './answer-reader.ts';
import { type Dialogue, ENDED, OPENED, UNASKED } from './dialogue.ts';

/**
 * All connections of a process read into this one buffer: a read is handled whole before the next.
 * Without it each read allocates 64 KB.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

export const CLOSED = 0;
export const OPENING = 1;
export const IDLE = 2;
export const BUSY = 3;

/** Of a close that nothing else explains, by the state that it found. */
const CAUSES: Readonly<Record<number, CloseCause>> = {
  [OPENING]: 'open-failed',
  [IDLE]: 'idle-close',
};

export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
}

/** How a connection came to be lost that had been open, or was to be opened again. */
export const LOSSES = [
  'idle-close',
  'close-after-answer',
  'reopen-failed',
  'unsolicited-bytes',
] as const;
export type Loss = (typeof LOSSES)[number];

/** `request-failed`: with the request in flight, whose error tells of it. */
export type CloseCause = Exclude<Loss, 'reopen-failed'> | 'open-failed' | 'request-failed';

export interface ConnectionOwner {
  onOpen(connection: LoadConnection): void;
  /** The answer is complete; the connection is idle or, where the server wants it, closing. */
  onAnswer(connection: LoadConnection): void;
  /** The request in flight failed; the connection is being closed. */
  onFailure(connection: LoadConnection, kind: string): void;
  onClosed(connection: LoadConnection, cause: CloseCause): void;
}

export class LoadConnection {
  state: number = CLOSED;
  /** Place among the idle ones; -1 elsewhere. Kept by the owner. */
  idleIndex = -1;
  /** Of the request in flight. */
  dueMs = 0;
  /** Of the request in flight, or when the opening began. */
  sentMs = 0;
  lastError = '';
  readonly dialogue: Dialogue;
  private readonly owner: ConnectionOwner;
  private readonly target: ConnectionTarget;
  private readonly localAddress: string | undefined;
  private socket: Socket | undefined;
  private cause: CloseCause | undefined;

  constructor(
    owner: ConnectionOwner,
    target: ConnectionTarget,
    dialogue: Dialogue,
    localAddress?: string,
  ) {
    this.owner = owner;
    this.target = target;
    this.dialogue = dialogue;
    this.localAddress = localAddress;
  }

  open(): void {
    this.state = OPENING;
    this.sentMs = performance.now();
    this.cause = undefined;
    const opening = this.dialogue.begin();
    const { host, port } = this.target;
    const socket = connect({
      host,
      port,
      ...(this.localAddress === undefined ? {} : { localAddress: this.localAddress }),
      noDelay: true,
      onread: { buffer: readBuffer, callback: length => this.onBytes(length) },
    });
    this.socket = socket;
    socket.once('connect', () => {
      if (opening === undefined) this.becomeOpen();
      else socket.write(opening, 'latin1');
    });
    // 'close' follows every error and every end.
    socket.on('error', error => {
      this.lastError = error.message;
    });
    socket.once('close', () => this.onClose(socket));
  }

  /** Sends a request that was due at `dueMs`; only while idle. */
  send(dueMs: number): void {
    const request = this.dialogue.ask();
    this.state = BUSY;
    this.dueMs = dueMs;
    this.sentMs = performance.now();
    if (typeof request === 'string') this.socket!.write(request, 'latin1');
    else this.socket!.write(request);
  }

  /** Fails what is in flight and closes. */
  fail(kind: string): void {
    this.failRequest(kind);
    this.close();
  }

  close(): void {
    this.socket?.destroy();
  }

  private becomeOpen(): void {
    this.state = IDLE;
    this.owner.onOpen(this);
  }

  private onBytes(length: number): boolean {
    const { dialogue } = this;
    const outcome = dialogue.read(readBuffer, length);
    if (dialogue.reply !== undefined) {
      this.socket!.write(dialogue.reply);
      dialogue.reply = undefined;
    }
    switch (outcome) {
      case MORE:
        return true;
      case COMPLETE:
        this.complete();
        return true;
      case OPENED:
        this.becomeOpen();
        return true;
      case UNASKED:
        // An answer to nothing: whoever was to be asked next would take it for theirs.
        this.cause = 'unsolicited-bytes';
        this.close();
        return false;
      case ENDED:
        this.lastError = dialogue.ending;
        this.fail(dialogue.ending);
        return false;
    }
    this.fail('malformed-answer');
    return false;
  }

  private complete(): void {
    const { closes } = this.dialogue;
    this.state = closes ? CLOSED : IDLE;
    if (closes) {
      this.cause = 'close-after-answer';
      this.close();
    }
    this.owner.onAnswer(this);
  }

  private onClose(socket: Socket): void {
    if (this.socket !== socket) return;
    this.failRequest('reset');
    const cause = this.cause ?? CAUSES[this.state] ?? 'request-failed';
    this.state = CLOSED;
    this.owner.onClosed(this, cause);
  }

  private failRequest(kind: string): void {
    if (this.state !== BUSY) return;
    this.state = CLOSED;
    this.owner.onFailure(this, kind);
  }
}
