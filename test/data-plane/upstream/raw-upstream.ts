/** An upstream that speaks raw bytes, and what a test needs to call it. */

import net from 'node:net';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { PLAIN_RESILIENCE } from '../../../src/core/plain-terms.ts';
import type { UpstreamRecord, UpstreamTarget } from '../../../src/core/upstream-record.ts';
import {
  UpstreamClient,
  type UpstreamErrorKind,
  type UpstreamHandler,
  type UpstreamRequest,
} from '../../../src/data-plane/upstream/client.ts';

export const NO_BODY = new Uint8Array(0);

export interface RawRequest {
  readonly socket: net.Socket;
  /** latin1, from the request line to the empty line. */
  readonly head: string;
  /** latin1 */
  readonly body: string;
  /** Connection and request on it, both from 0. */
  readonly connection: number;
  readonly index: number;
}

type Answerer = (request: RawRequest) => void;

/** Takes requests apart by their Content-Length and hands each to `answer`. */
export class RawUpstream {
  answer: Answerer;
  onConnection: ((socket: net.Socket, connection: number) => void) | undefined;
  readonly requests: RawRequest[] = [];
  /** Data events with which requests came: fewer than requests where writes were gathered. */
  reads = 0;
  connections = 0;
  readonly sockets = new Set<net.Socket>();
  private readonly server = net.createServer(socket => this.serve(socket));

  constructor(answer: Answerer) {
    this.answer = answer;
  }

  async listen(port = 0, host = '127.0.0.1'): Promise<number> {
    await new Promise<void>(resolve => this.server.listen(port, host, resolve));
    return this.port;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: net.Socket): void {
    const connection = this.connections++;
    let received = '';
    let index = 0;
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    this.onConnection?.(socket, connection);
    socket.on('data', chunk => {
      this.reads++;
      received += chunk.toString('latin1');
      for (;;) {
        const headEnd = received.indexOf('\r\n\r\n') + 4;
        if (headEnd === 3) return;
        const head = received.slice(0, headEnd);
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (received.length < headEnd + length) return;
        const body = received.slice(headEnd, headEnd + length);
        received = received.slice(headEnd + length);
        const request = { socket, head, body, connection, index: index++ };
        this.requests.push(request);
        this.answer(request);
      }
    });
  }
}

export type RecordChanges = Partial<UpstreamRecord & Pick<UpstreamTarget, 'host' | 'port'>>;

/** An upstream with one target. */
export function aRecord(listening: number, changes: RecordChanges = {}): UpstreamRecord {
  const { host = '127.0.0.1', port = listening, ...overrides } = changes;
  return {
    id: 'test',
    targets: [{ host, port, weight: 1 }],
    tls: undefined,
    connectionsMax: 4,
    queueMax: 8,
    pipeliningMax: 1,
    connectTimeoutMs: 2_000,
    responseTimeoutMs: 5_000,
    bodyIdleTimeoutMs: 5_000,
    keepAliveMs: 30_000,
    responseHeadMaxBytes: 16_384,
    resilience: PLAIN_RESILIENCE,
    ...overrides,
  };
}

export class FakeClock implements Clock {
  nowMs = 1_000;
  wallMs(): number {
    return this.nowMs;
  }
  monotonicMs(): number {
    return this.nowMs;
  }
}

/** Writes down what a request came to. */
export class Outcome implements UpstreamHandler {
  status = 0;
  headers: readonly string[] = [];
  contentLength: number | undefined = undefined;
  hasBody = false;
  /** latin1 */
  body = '';
  bodyBytes = 0;
  /** The body came whole with onEnd. */
  whole = false;
  error: UpstreamErrorKind | undefined = undefined;
  detail = '';
  /** Terminal calls: must become 1. */
  ends = 0;
  keepBody = true;
  request: UpstreamRequest | undefined = undefined;
  /** Set to react to chunks; returns what onBody returns. */
  onChunk: ((chunk: Uint8Array) => boolean) | undefined = undefined;
  onHeadDone: (() => void) | undefined = undefined;
  private readonly headed = Promise.withResolvers<void>();
  private readonly finished = Promise.withResolvers<Outcome>();
  /** Resolves at the head. */
  readonly head = this.headed.promise;
  /** Resolves at onEnd and onError alike. */
  readonly done = this.finished.promise;

  onHead(
    status: number,
    headers: readonly string[],
    contentLength: number | undefined,
    hasBody: boolean,
  ): void {
    if (this.request === undefined) throw new Error('called before request returned');
    Object.assign(this, { status, headers, contentLength, hasBody });
    this.headed.resolve();
    this.onHeadDone?.();
  }

  onBody(chunk: Uint8Array): boolean {
    this.bodyBytes += chunk.length;
    if (this.keepBody) this.body += Buffer.from(chunk).toString('latin1');
    return this.onChunk?.(chunk) ?? true;
  }

  onEnd(whole?: Uint8Array): void {
    this.ends++;
    if (whole !== undefined) {
      this.whole = true;
      this.body = Buffer.from(whole).toString('latin1');
      this.bodyBytes = whole.length;
    }
    this.finished.resolve(this);
  }

  onError(kind: UpstreamErrorKind, detail: string): void {
    if (this.request === undefined) throw new Error('called before request returned');
    this.ends++;
    this.error = kind;
    this.detail = detail;
    this.finished.resolve(this);
  }
}

/** A client, its counters and its upstream, closed together; the gauges must be 0 again then. */
export class Bench {
  readonly upstream: RawUpstream;
  readonly client: UpstreamClient;
  readonly counters = new CounterSet();

  private constructor(upstream: RawUpstream, record: UpstreamRecord, clock: Clock) {
    this.upstream = upstream;
    this.client = new UpstreamClient(record, record.targets[0]!, this.counters, clock);
  }

  static async open(
    answer: Answerer,
    overrides: RecordChanges = {},
    clock: Clock = systemClock,
  ): Promise<Bench> {
    const upstream = new RawUpstream(answer);
    const port = await upstream.listen();
    return new Bench(upstream, aRecord(port, overrides), clock);
  }

  /** Sends a request and returns where its outcome will be. */
  send(method = 'GET', path = '/', body: Uint8Array = NO_BODY, outcome = new Outcome()): Outcome {
    const length = body.length > 0 || method === 'POST' ? `content-length: ${body.length}\r\n` : '';
    const head = `${method} ${path} HTTP/1.1\r\nhost: test\r\n${length}\r\n`;
    outcome.request = this.client.request(method, head, body, outcome);
    return outcome;
  }

  async close(): Promise<void> {
    await this.client.destroy();
    await this.upstream.close();
    const { upstream_connections_open, upstream_requests_queued } = gauges(this.counters);
    const left = { ...this.client.stats(), upstream_connections_open, upstream_requests_queued };
    for (const [name, value] of Object.entries(left)) {
      if (value !== 0) throw new Error(`${name} is ${value} after the client was closed`);
    }
  }
}

function gauges(counters: CounterSet) {
  return {
    upstream_connections_open: counters.get('upstream_connections_open'),
    upstream_requests_queued: counters.get('upstream_requests_queued'),
  };
}

/** An answer with a Content-Length. */
export function answerOf(body: string, ...fields: string[]): string {
  const lines = ['HTTP/1.1 200 OK', ...fields, `content-length: ${body.length}`, '', body];
  return lines.join('\r\n');
}

/** Answers each request with its path. */
export function echoPath({ socket, head }: RawRequest): void {
  socket.write(answerOf(head.split(' ')[1]!), 'latin1');
}

/** Resolves when the condition holds after some turn of the loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve));
}
