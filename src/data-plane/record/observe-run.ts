import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { ObservedCall } from '../../core/observations.ts';
import type { KeyEntry } from '../../core/snapshot.ts';
import { STAGE } from '../../core/stages.ts';

/** Of one front: a run takes about 20 calls, and a hundred runs are open at most. */
const OBSERVATIONS_PER_SECOND_MAX = 200;
const SECOND_MS = 1_000;
const DIGEST_CHARS = 22;

/** The first `keyid` of a Signature-Input (RFC 9421 section 2.3); ids of keys need no escapes. */
const KEY_ID = /;\s*keyid="([^"\\]{1,256})"/;

export interface RunObserverOptions {
  readonly clock: Clock;
  readonly counters: CounterSet;
  readonly post: (call: ObservedCall) => void;
}

/** Tells the control plane of calls that belong to a certification run of a sandbox app. */
export class RunObserver {
  private readonly options: RunObserverOptions;
  private secondStartedMs = 0;
  private sentInSecond = 0;

  constructor(options: RunObserverOptions) {
    this.options = options;
  }

  /** Whatever else bears such a request id (another app, a session, nobody) is left out. */
  observe(exchange: Exchange): void {
    if (exchange.arrival.session !== undefined) return;
    const entry = exchange.identity?.entry ?? claimedKey(exchange);
    if (entry === undefined || entry.app.environment !== 'sandbox') return;
    const atMs = this.options.clock.wallMs();
    if (!this.hasRoom(atMs)) return this.options.counters.add('observations_dropped');
    this.options.post(describe(exchange, entry, atMs));
  }

  private hasRoom(nowMs: number): boolean {
    if (Math.abs(nowMs - this.secondStartedMs) >= SECOND_MS) {
      this.secondStartedMs = nowMs;
      this.sentInSecond = 0;
    }
    this.sentInSecond += 1;
    return this.sentInSecond <= OBSERVATIONS_PER_SECOND_MAX;
  }
}

/**
 * Where a signature was refused: the key that it names. A replay was verified before its nonce was
 * looked at; of the other refusals the key is what the caller says.
 */
function claimedKey(exchange: Exchange): KeyEntry | undefined {
  const input = exchange.header('signature-input');
  const keyId = input === undefined ? undefined : KEY_ID.exec(input)?.[1];
  return keyId === undefined ? undefined : exchange.arrival.snapshot.keys.get(keyId);
}

function describe(exchange: Exchange, entry: KeyEntry, atMs: number): ObservedCall {
  const { arrival, identity, target, refusal, status, aborted } = exchange;
  const idempotencyKey = exchange.header('idempotency-key');
  return {
    requestId: arrival.requestId,
    appId: entry.app.id,
    keyId: entry.key.id,
    proven: identity !== undefined,
    operationId: target?.entry.operation.id,
    method: arrival.method,
    status,
    code: refusal?.name,
    aborted,
    idempotencyKeyDigest: idempotencyKey === undefined ? undefined : digestOf(idempotencyKey),
    totalMs: exchange.stageMs[STAGE.total]!,
    atMs,
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, DIGEST_CHARS);
}
