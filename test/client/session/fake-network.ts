/** Connections that a test plays the gateway's part on, message by message, with fake timers. */
import { vi } from 'vitest';
import type { MessageSigner, SignableRequest } from '../../../src/client/index.ts';
import { JsonCodec } from '../../../src/client/session/json-codec.ts';
import { type SessionOptions, sessionParts } from '../../../src/client/session/options.ts';
import { openSession, type Session } from '../../../src/client/session/session.ts';
import { SessionError } from '../../../src/client/session/session-error.ts';
import type {
  OpenSocket,
  SessionSocket,
  SocketEvents,
  SocketRequest,
} from '../../../src/client/session/socket.ts';

export interface SentMessage {
  readonly id?: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> & {
    readonly method?: string;
    readonly path?: string;
    readonly query?: { readonly n?: number };
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export class FakeSocket implements SessionSocket {
  readonly request: SocketRequest;
  readonly frames: string[] = [];
  bufferedBytes = 0;
  isOpen = false;
  isPaused = false;
  isClosing = false;
  pings = 0;
  readonly pause: (() => void) | undefined;
  readonly resume: (() => void) | undefined;
  readonly ping: (() => void) | undefined;
  private readonly events: SocketEvents;

  constructor(request: SocketRequest, events: SocketEvents, isBrowser: boolean) {
    this.request = request;
    this.events = events;
    if (isBrowser) return;
    this.pause = () => {
      this.isPaused = true;
    };
    this.resume = () => {
      this.isPaused = false;
    };
    this.ping = () => {
      this.pings++;
    };
  }

  /** Every message, those of batches one by one. */
  get sent(): SentMessage[] {
    return this.frames.flatMap(frame => JSON.parse(frame) as SentMessage | SentMessage[]);
  }

  get last(): SentMessage {
    return this.sent.at(-1)!;
  }

  sentWith(method: string): SentMessage[] {
    return this.sent.filter(message => message.method === method);
  }

  /** What a socket is handed that is not open goes nowhere. */
  send(data: string | Uint8Array): void {
    if (this.isOpen) this.frames.push(data as string);
  }

  close(): void {
    this.isClosing = true;
    this.isOpen = false;
    queueMicrotask(() => this.end(1000, ''));
  }

  cut(): void {
    this.end(1006, '');
  }

  /** The close frame of the gateway has come, the end of the connection has not. */
  hearClose(): void {
    this.isOpen = false;
  }

  open(): void {
    this.isOpen = true;
    this.events.opened(this);
  }

  fail(error: Error = new SessionError('connect-failed', 'refused')): void {
    this.events.failed(error);
  }

  end(code: number, reason = ''): void {
    this.isOpen = false;
    this.events.closed({ code, reason });
  }

  say(message: unknown): void {
    this.events.message(typeof message === 'string' ? message : JSON.stringify(message));
  }

  pong(): void {
    this.events.alive();
  }

  drain(bufferedBytes: number): void {
    this.bufferedBytes = bufferedBytes;
    this.events.drained();
  }

  answer(id: number, body: unknown = {}): void {
    this.say({ jsonrpc: '2.0', id, result: { status: 200, body } });
  }

  result(id: number, result: unknown): void {
    this.say({ jsonrpc: '2.0', id, result });
  }

  refuse(id: number, code: string, more: object = {}): void {
    const data = { type: `/problems/${code}`, title: code, status: 400, code, ...more };
    this.say({ jsonrpc: '2.0', id, error: { code: -32_000, message: code, data } });
  }

  notify(method: string, params: object): void {
    this.say({ jsonrpc: '2.0', method, params });
  }

  event(topic: string, sequence: number, id = `${topic}-${sequence}`): void {
    const time = '2026-11-26T01:00:00.000Z';
    this.notify('event', { topic, cursor: `c.${sequence}`, id, time, data: { sequence } });
  }
}

export class FakeNetwork {
  readonly sockets: FakeSocket[] = [];
  readonly signed: SignableRequest[] = [];
  /** What becomes of the next handshakes; those beyond the list stay open questions. */
  readonly plan: ('open' | Error)[] = [];
  isBrowser = false;

  readonly signer: MessageSigner = {
    sign: request => {
      this.signed.push(request);
      return { 'signature-input': `sig=(${this.signed.length})`, signature: 'sig=:AA==:' };
    },
  };

  readonly open: OpenSocket = (request, events) => {
    const socket = new FakeSocket(request, events, this.isBrowser);
    this.sockets.push(socket);
    const planned = this.plan.shift();
    queueMicrotask(() => {
      if (planned === 'open') socket.open();
      else if (planned !== undefined) socket.fail(planned);
    });
    return () => undefined;
  };

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  /** A session whose first connection is open. */
  async session(options: Partial<SessionOptions> = {}): Promise<Session> {
    this.plan.unshift('open');
    return this.connect(options);
  }

  connect(options: Partial<SessionOptions> = {}): Promise<Session> {
    const whole = { baseUrl: 'http://bank.test:8080', random: () => 0.5, ...options };
    const platform = { codec: new JsonCodec(), signer: this.signer, openSocket: this.open };
    return openSession(sessionParts(whole, platform), options.signal);
  }
}

/** Lets everything happen that waits for no timer. */
export async function settled(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** An error of whatever kind. */
export interface Failure {
  readonly message: string;
  readonly code?: string;
  readonly body?: unknown;
  readonly cause?: Error;
}

/** How a promise ended, without an unhandled rejection on the way. */
export function outcomeOf<T>(promise: Promise<T>): Promise<{ value?: T; error?: Failure }> {
  return promise.then(
    value => ({ value }),
    (error: Failure) => ({ error }),
  );
}
