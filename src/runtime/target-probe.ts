/** Asks one target of an upstream whether it works, over a connection of its own. */
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { HealthCheckRecord, UpstreamRecord, UpstreamTarget } from '../core/upstream-record.ts';

/** A longer answer is not waited for: its status has been read. */
const BODY_MAX_BYTES = 65_536;
const USER_AGENT = 'xingyun-health-check';

export interface Probe {
  /** Undefined where the answer was a good one, else what was wrong. Never rejects. */
  ask(): Promise<string | undefined>;
  close(): void;
}

export class TargetProbe implements Probe {
  private readonly terms: HealthCheckRecord;
  private readonly options: RequestOptions;
  private readonly agent: http.Agent;
  private readonly module: typeof http | typeof https;

  constructor({ tls }: UpstreamRecord, terms: HealthCheckRecord, target: UpstreamTarget) {
    const kept = { keepAlive: true, maxSockets: 1 };
    this.terms = terms;
    this.module = tls === undefined ? http : https;
    this.agent = tls === undefined ? new http.Agent(kept) : new https.Agent(kept);
    this.options = {
      ...{ host: target.host, port: target.port, path: terms.path, agent: this.agent },
      headers: { 'user-agent': USER_AGENT, accept: '*/*' },
      ...(tls === undefined ? {} : { minVersion: 'TLSv1.2' }),
      ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls?.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls?.key === undefined ? {} : { key: tls.key }),
      ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
    };
  }

  async ask(): Promise<string | undefined> {
    const first = await this.askOnce();
    // The target closed the kept connection, as it may: that says nothing about it.
    return first.wasStale ? (await this.askOnce()).failure : first.failure;
  }

  close(): void {
    this.agent.destroy();
  }

  private askOnce(): Promise<ProbeEnd> {
    const { promise, resolve } = Promise.withResolvers<ProbeEnd>();
    try {
      watch(this.module.get(this.options), this.terms.timeoutMs, resolve);
    } catch (error) {
      // PEM that cannot be used throws at once.
      resolve({ failure: (error as Error).message, wasStale: false });
    }
    return promise;
  }
}

interface ProbeEnd {
  readonly failure: string | undefined;
  readonly wasStale: boolean;
}

/** The status decides; the body is read only so that the connection can be kept. */
function watch(request: ClientRequest, timeoutMs: number, onEnd: (end: ProbeEnd) => void): void {
  let failure: string | undefined = 'The connection ended without an answer.';
  let isAnswered = false;
  let wasStale = false;
  const timeout = () => request.destroy(new Error(`No answer within ${timeoutMs} ms.`));
  const timer = setTimeout(timeout, timeoutMs);
  request.once('response', response => {
    isAnswered = true;
    failure = judge(response.statusCode ?? 0);
    discard(response);
  });
  request.on('error', (error: NodeJS.ErrnoException) => {
    if (isAnswered) return;
    wasStale = request.reusedSocket && error.code === 'ECONNRESET';
    failure = error.message;
  });
  request.once('close', () => {
    clearTimeout(timer);
    onEnd({ failure, wasStale });
  });
}

function judge(status: number): string | undefined {
  return status >= 200 && status <= 399 ? undefined : `It answered with status ${status}.`;
}

function discard(response: IncomingMessage): void {
  let bytes = 0;
  response.on('error', ignoreCutBody);
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) response.destroy();
  });
}

/** The status has been read, and the connection is not used again. */
function ignoreCutBody(): void {}
