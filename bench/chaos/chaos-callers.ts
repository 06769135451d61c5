/**
 * Partners that call whatever happens: each call falls due by a Poisson process, is signed, sent
 * once over a kept connection, and followed until it has ended. None is repeated.
 */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createRequestSigner, type RequestSigner } from '../../src/client/index.ts';
import { PROBLEM_NAMES } from '../../src/core/problems.ts';
import { Arrivals } from '../load/arrivals.ts';
import { Random } from '../load/random.ts';
import { benchKey, benchKeyId, type KeyName } from '../rig/bench-folder.ts';
import { ORDERS_PATH, PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import type { CallEnd, CallLog } from './call-log.ts';

const KEYS: readonly KeyName[] = ['hmac', 'es256'];
/** Of all calls, the ones that make an order. */
const POST_SHARE = 0.3;
const TICK_MS = 2;
/** No call is followed longer; the gateway's own limits are far below. */
const FOLLOWED_MAX_MS = 60_000;
/** docs/http-conduct.md has partners drop connections that were idle for 25 s. */
const IDLE_MAX_MS = 25_000;
const CODES: ReadonlySet<string> = new Set(PROBLEM_NAMES);

export interface ChaosCallersOptions {
  readonly port: number;
  readonly rate: number;
  readonly connections: number;
  readonly seed: number;
  readonly log: CallLog;
}

export class ChaosCallers {
  private readonly options: ChaosCallersOptions;
  private readonly agent: Agent;
  private readonly random: Random;
  private readonly signers: readonly RequestSigner[];
  private readonly open = new Set<Promise<void>>();
  private startedMs = 0;
  private lastOrder = 0;

  constructor(options: ChaosCallersOptions) {
    this.options = options;
    const { connections: maxSockets } = options;
    this.agent = new Agent({ keepAlive: true, maxSockets, timeout: IDLE_MAX_MS });
    this.random = new Random(options.seed, 1);
    this.signers = KEYS.map(name => {
      const { algorithm, privateText } = benchKey(name);
      return createRequestSigner({
        ...{ keyId: benchKeyId(name, 0), algorithm, privateKey: privateText },
      });
    });
  }

  static readonly keys = KEYS;

  /** Resolves when the last call has ended. `startedMs` is on the clock of performance.now. */
  async run(seconds: number, startedMs: number, signal: AbortSignal): Promise<void> {
    const { rate, seed } = this.options;
    this.startedMs = startedMs;
    const arrivals = new Arrivals({ rate, durationMs: seconds * 1_000, seed, stream: 2 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const tick = setInterval(() => {
      const nowMs = performance.now() - startedMs;
      for (; arrivals.nextMs <= nowMs; arrivals.advance()) this.begin(arrivals.nextMs);
      if (arrivals.nextMs === Number.POSITIVE_INFINITY || signal.aborted) resolve();
    }, TICK_MS);
    await promise;
    clearInterval(tick);
    await Promise.all(this.open);
    this.agent.destroy();
    signal.throwIfAborted();
  }

  private begin(dueMs: number): void {
    const { log } = this.options;
    log.due(dueMs);
    const call = this.call().then(end => log.ended(end, dueMs, performance.now() - this.startedMs));
    this.open.add(call);
    void call.finally(() => this.open.delete(call));
  }

  private async call(): Promise<CallEnd> {
    const order = `order-${++this.lastOrder}`;
    const sent = this.send(order);
    let isTooLong = false;
    const timer = setTimeout(() => {
      isTooLong = true;
      sent.destroy(new Error('followed too long'));
    }, FOLLOWED_MAX_MS);
    try {
      return await endOf(await answerTo(sent), order);
    } catch (error) {
      // A call that hangs was cut by nothing, whatever else went on meanwhile.
      if (isTooLong) return { kind: 'wrong', why: 'followed too long' };
      const { code, message } = error as NodeJS.ErrnoException;
      return { kind: 'lost', why: code ?? message };
    } finally {
      clearTimeout(timer);
    }
  }

  private send(order: string): ClientRequest {
    const isNew = this.random.unit() < POST_SHARE;
    const method = isNew ? 'POST' : 'GET';
    const path = isNew ? ORDERS_PATH : `${ORDERS_PATH}/${order}`;
    const body = isNew ? Buffer.from(JSON.stringify({ order, amountMinor: 12_500 })) : undefined;
    const signer = this.signers[this.random.below(this.signers.length)]!;
    const contentType = isNew ? 'application/json' : undefined;
    const target = { method, targetUri: `http://${PUBLIC_AUTHORITY}${path}`, body, contentType };
    const headers = {
      host: PUBLIC_AUTHORITY,
      ...(body && { 'content-type': contentType, 'content-length': body.length }),
      ...signer.sign(target),
    };
    const { agent } = this;
    const { port } = this.options;
    const sent = request({ agent, host: '127.0.0.1', port, method, path, headers });
    sent.end(body);
    return sent;
  }
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  sent.once('response', resolve);
  sent.on('error', reject);
  return promise;
}

async function endOf(answer: IncomingMessage, order: string): Promise<CallEnd> {
  const body = await text(answer);
  const status = answer.statusCode!;
  let document: { readonly order?: unknown; readonly code?: unknown };
  try {
    document = JSON.parse(body);
  } catch {
    return { kind: 'wrong', why: `status ${status} without JSON` };
  }
  const { code } = document;
  if (answer.headers['content-type'] === 'application/problem+json') {
    if (CODES.has(String(code))) return { kind: 'refused', code: String(code) };
    return { kind: 'wrong', why: `a problem that is in no table: ${String(code)}` };
  }
  if (document.order !== order) return { kind: 'wrong', why: 'the answer of another call' };
  if (status !== 200) return { kind: 'refused', code: `${status} of the upstream` };
  return { kind: 'answered' };
}
