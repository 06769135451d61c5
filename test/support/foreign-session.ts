/** A session through the npm `ws` client: what a partner without our client library writes. */
import WebSocket, { type ClientOptions } from 'ws';
import { createRequestSigner } from '../../src/client/index.ts';
import type { TestGateway } from './gateway.ts';

export interface RpcAnswer {
  readonly id: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly result?: any;
  readonly error?: { readonly code: number; readonly data: { readonly code?: string } };
}

export interface SeenEvent {
  readonly topic: string;
  readonly cursor: string;
  readonly id: string;
  readonly data: unknown;
}

export class ForeignSession {
  readonly events: SeenEvent[] = [];
  /** Notifications other than events. */
  readonly notices: { readonly method: string; readonly params: Record<string, unknown> }[] = [];
  /** The close code and reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly socket: WebSocket;
  private readonly waiting = new Map<number, (answer: RpcAnswer) => void>();
  private lastId = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', data => this.take(JSON.parse(String(data))));
    socket.on('error', () => undefined);
    this.closed = new Promise(resolve => {
      socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** Rejects with the answer's text where the handshake is refused. */
  static async open(
    gateway: TestGateway,
    keyId?: string,
    options: ClientOptions = {},
  ): Promise<ForeignSession> {
    const signer = createRequestSigner(gateway.credentials(keyId));
    const headers = signer.sign({ method: 'GET', targetUri: `${gateway.url}/ws` });
    const url = `${gateway.url.replace('http', 'ws')}/ws`;
    const socket = new WebSocket(url, 'xingyun.v1+json', { ...options, headers: { ...headers } });
    const session = new ForeignSession(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return session;
  }

  request(method: string, params: object = {}): Promise<RpcAnswer> {
    this.lastId++;
    const id = this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, resolve);
      void this.closed.then(({ code }) =>
        reject(new Error(`${method} ${id} was not answered, closed with ${code}`)),
      );
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  /** The cursor of the result; rejects with the problem's code. */
  async subscribe(topic: string, after?: string): Promise<string> {
    const params = after === undefined ? { topic } : { topic, after };
    const { result, error } = await this.request('subscribe', params);
    if (error !== undefined) throw new Error(error.data.code);
    return result.cursor;
  }

  async close(): Promise<void> {
    this.socket.close(1000);
    await this.closed;
  }

  // biome-ignore lint/suspicious/noExplicitAny: whatever the gateway says.
  private take(message: any): void {
    if (message.method === 'event') this.events.push(message.params);
    else if (message.method !== undefined) this.notices.push(message);
    else this.waiting.get(message.id)?.(message);
  }
}
