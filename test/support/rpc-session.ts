/** Sessions through the npm `ws` client, in both subprotocols, message by message. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import WebSocket from 'ws';
import { createRequestSigner } from '../../src/client/index.ts';
import type { SignableRequest } from '../../src/client/signature-base.ts';
import type { Subprotocol } from '../../src/core/sessions.ts';
import type { TestGateway } from './gateway.ts';

export const JSON_PROTOCOL = 'xingyun.v1+json';
export const MSGPACK_PROTOCOL = 'xingyun.v1+msgpack';
const WAIT_MAX_MS = 10_000;

const packr = new Packr({ useRecords: false, useToJSON: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

export interface RpcAnswer {
  readonly jsonrpc: string;
  readonly id: string | number | null;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly result?: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly error?: { readonly code: number; readonly message: string; readonly data: any };
}

export interface OpenOptions {
  readonly keyId?: string;
  readonly protocols?: readonly string[];
  /** In place of a fresh signature. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

export interface Refusal {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** The fields of a request that this key signs. */
export function signed(
  gateway: TestGateway,
  request: { readonly path: string } & Omit<Partial<SignableRequest>, 'targetUri'>,
  keyId?: string,
): Record<string, string> {
  const { path, method = 'GET', ...others } = request;
  const signer = createRequestSigner(gateway.credentials(keyId));
  return { ...signer.sign({ method, targetUri: `${gateway.url}${path}`, ...others }) };
}

function connect(gateway: TestGateway, options: OpenOptions): WebSocket {
  const { protocols = [JSON_PROTOCOL], keyId, path = '/ws' } = options;
  const headers = options.headers ?? signed(gateway, { path }, keyId);
  const url = `${gateway.url.replace('http', 'ws')}${path}`;
  return new WebSocket(url, [...protocols], { headers: { ...headers } });
}

/** What a handshake is refused with, or undefined where it is not. */
export async function refusal(
  gateway: TestGateway,
  options: OpenOptions = {},
): Promise<Refusal | undefined> {
  const socket = connect(gateway, options);
  const { promise, resolve, reject } = Promise.withResolvers<Refusal | undefined>();
  socket.once('open', () => {
    socket.terminate();
    resolve(undefined);
  });
  socket.once('error', reject);
  socket.once('unexpected-response', async (_request, answer: IncomingMessage) => {
    const { statusCode, headers, socket: connection } = answer;
    const body = await text(answer);
    connection.destroy();
    const isProblem = headers['content-type'] === 'application/problem+json';
    resolve({ status: statusCode!, code: isProblem ? JSON.parse(body).code : undefined, headers });
  });
  return promise;
}

export class RpcSession {
  readonly socket: WebSocket;
  readonly closed: Promise<Ending>;
  /** Messages that answer no `call`, in their order. */
  readonly inbox: unknown[] = [];
  private readonly waiting = new Map<unknown, (answer: RpcAnswer) => void>();
  private wake: (() => void) | undefined;
  private lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data, isBinary) => this.take(data as Buffer, isBinary));
    socket.on('error', () => undefined);
    this.closed = new Promise(resolve => {
      socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  static async open(gateway: TestGateway, options: OpenOptions = {}): Promise<RpcSession> {
    const socket = connect(gateway, options);
    const session = new RpcSession(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return session;
  }

  get isBinary(): boolean {
    return (this.socket.protocol as Subprotocol) === MSGPACK_PROTOCOL;
  }

  /** A text is sent as it is, anything else in the form of the session. */
  send(message: unknown): void {
    if (typeof message === 'string') this.socket.send(message);
    else this.socket.send(this.isBinary ? packr.pack(message) : JSON.stringify(message));
  }

  /** Rejects where the session ends before the answer. */
  call(method: string, params: object = {}): Promise<RpcAnswer> {
    this.lastId++;
    const id = `call-${this.lastId}`;
    const answer = this.answerTo(id);
    this.send({ jsonrpc: '2.0', id, method, params });
    return answer;
  }

  request(method: string, path: string, more: object = {}): Promise<RpcAnswer> {
    return this.call('call', { method, path, ...more });
  }

  notify(method: string, params: object = {}): void {
    this.send({ jsonrpc: '2.0', method, params });
  }

  answerTo(id: string | number): Promise<RpcAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RpcAnswer>();
    this.waiting.set(id, resolve);
    // Nobody may ask any more when the session ends.
    promise.catch(() => undefined);
    void this.closed.then(({ code }) => reject(new Error(`${id}: closed with ${code}`)));
    return promise;
  }

  /** The next message that answers no `call`. */
  async next<T = RpcAnswer>(): Promise<T> {
    const deadline = AbortSignal.timeout(WAIT_MAX_MS);
    while (this.inbox.length === 0) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.wake = resolve;
      deadline.addEventListener('abort', () => reject(new Error('no message came')));
      await promise;
    }
    return this.inbox.shift() as T;
  }

  /** The next notification of this name; what comes before it stays. */
  async notification(method: string): Promise<Record<string, unknown>> {
    const others: unknown[] = [];
    for (;;) {
      const message = await this.next<{ method?: string; params: Record<string, unknown> }>();
      if (message.method !== method) others.push(message);
      else {
        this.inbox.unshift(...others);
        return message.params;
      }
    }
  }

  async close(): Promise<Ending> {
    this.socket.close(1000);
    return this.closed;
  }

  private take(data: Buffer, isBinary: boolean): void {
    const message = isBinary ? unpackr.unpack(data) : JSON.parse(data.toString());
    const resolve = Array.isArray(message) ? undefined : this.waiting.get(message.id);
    if (resolve !== undefined) {
      this.waiting.delete(message.id);
      resolve(message);
      return;
    }
    this.inbox.push(message);
    this.wake?.();
  }
}

/** Opens sessions and closes those that are left. */
export class OpenSessions {
  private readonly sessions: RpcSession[] = [];

  async open(gateway: TestGateway, options?: OpenOptions): Promise<RpcSession> {
    const session = await RpcSession.open(gateway, options);
    this.sessions.push(session);
    return session;
  }

  async close(): Promise<void> {
    for (const { socket } of this.sessions) socket.terminate();
    await Promise.all(this.sessions.splice(0).map(({ closed }) => closed));
  }
}
