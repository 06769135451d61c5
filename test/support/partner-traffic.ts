/** Signed calls over connections of the test's own, each of which can be sent again as it is. */
import { Pool } from 'undici';
import { createRequestSigner, type RequestSigner } from '../../src/client/index.ts';
import type { TestGateway } from './gateway.ts';

export interface PreparedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer | undefined;
}

export interface CallAnswer {
  readonly status: number;
  /** Of the problem document, where it is one. */
  readonly code: string | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  readonly ms: number;
}

export interface CallOptions {
  readonly method?: string;
  readonly body?: string | Buffer;
  /** Of the body; JSON where absent. */
  readonly contentType?: string;
  readonly headers?: Record<string, string>;
}

export interface TrafficOptions {
  readonly keyId?: string;
  readonly connections?: number;
  /**
   * The origin in the signature, where listener.publicAuthority names another than the socket's.
   */
  readonly origin?: string;
  /** Source address of the connections. */
  readonly localAddress?: string;
}

export const ACCOUNTS = '/accounts/v1/accounts';
export const ECHO = '/sandbox/v1/echo';

export class PartnerTraffic {
  private readonly pool: Pool;
  private readonly origin: string;
  private readonly signer: RequestSigner;

  constructor(gateway: Pick<TestGateway, 'url' | 'credentials'>, options: TrafficOptions = {}) {
    const { keyId, connections = 1, localAddress } = options;
    this.origin = options.origin ?? gateway.url;
    this.signer = createRequestSigner(gateway.credentials(keyId));
    this.pool = new Pool(gateway.url, {
      connections,
      pipelining: 1,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
  }

  sign(path: string, options: CallOptions = {}): PreparedCall {
    const { method = 'GET', headers = {} } = options;
    const body = options.body === undefined ? undefined : Buffer.from(options.body);
    const jsonOrGiven = options.contentType ?? 'application/json';
    const contentType = body === undefined ? undefined : jsonOrGiven;
    const targetUri = `${this.origin}${path}`;
    const signed = { ...this.signer.sign({ method, targetUri, body, contentType }) };
    const type = contentType === undefined ? {} : { 'content-type': contentType };
    return { method, path, body, headers: { ...headers, ...type, ...signed } };
  }

  async send(call: PreparedCall): Promise<CallAnswer> {
    const { bytes, ...answer } = await this.sendRaw(call);
    return answer;
  }

  /** With the body as its bytes too. */
  async sendRaw(call: PreparedCall): Promise<CallAnswer & { readonly bytes: Buffer }> {
    const startedMs = performance.now();
    const { method, path, headers, body } = call;
    const answer = await this.pool.request({ method, path, headers, body: body ?? null });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const text = bytes.toString();
    const isProblem = answer.headers['content-type'] === 'application/problem+json';
    return {
      status: answer.statusCode,
      code: isProblem ? (JSON.parse(text).code as string) : undefined,
      headers: answer.headers,
      text,
      bytes,
      ms: performance.now() - startedMs,
    };
  }

  call(path: string, options?: CallOptions): Promise<CallAnswer> {
    return this.send(this.sign(path, options));
  }

  callRaw(path: string, options?: CallOptions): Promise<CallAnswer & { readonly bytes: Buffer }> {
    return this.sendRaw(this.sign(path, options));
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }
}

/** Calls without a pause on each of so many connections, until it is stopped. */
export class SteadyTraffic {
  readonly answers: CallAnswer[] = [];
  readonly failures: unknown[] = [];
  /** Answers on each connection. */
  readonly turns: number[];
  private readonly traffic: PartnerTraffic;
  private readonly loops: Promise<void>[];
  private running = true;

  constructor(traffic: PartnerTraffic, loops: number, next: () => PreparedCall) {
    this.traffic = traffic;
    this.turns = Array.from({ length: loops }, () => 0);
    this.loops = this.turns.map((_, index) => this.loop(index, next));
  }

  /** Calls other than 200 and calls without an answer. */
  get failed(): unknown[] {
    const refused = this.answers.filter(({ status }) => status !== 200);
    return [...refused.map(({ status, code }) => `${status} ${code}`), ...this.failures];
  }

  get slowestMs(): number {
    return this.answers.reduce((slowest, { ms }) => Math.max(slowest, ms), 0);
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.loops);
  }

  private async loop(index: number, next: () => PreparedCall): Promise<void> {
    while (this.running) {
      try {
        this.answers.push(await this.traffic.send(next()));
        this.turns[index]! += 1;
      } catch (error) {
        this.failures.push(error);
        return;
      }
    }
  }
}
