import { createHash } from 'node:crypto';
import { claimedKeyId } from '../../core/claimed-key.ts';
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { Exchange } from '../../core/exchange.ts';
import {
  CallBudget,
  type ObservedCall,
  OPEN_RUNS_MAX,
  type OpenRun,
  readRequestId,
  WANTED_REFUSALS,
} from '../../core/observations.ts';
import type { KeyEntry } from '../../core/snapshot.ts';
import { STAGE } from '../../core/stages.ts';

const DIGEST_CHARS = 22;
/** Of a body that goes into its digest: 0.1 ms. */
const DIGESTED_MAX_BYTES = 65_536;

export interface RunObserverOptions {
  readonly clock: Clock;
  readonly counters: CounterSet;
  readonly post: (call: ObservedCall) => void;
}

interface WatchedRun {
  readonly app: string;
  readonly budget: CallBudget;
}

/** Tells the control plane of calls that belong to a certification run of a sandbox app. */
export class RunObserver {
  private readonly options: RunObserverOptions;
  private runs = new Map<string, WatchedRun>();

  constructor(options: RunObserverOptions) {
    this.options = options;
  }

  /** All that are open; what was counted of those that were open before goes on. */
  watch(runs: readonly OpenRun[]): void {
    const before = this.runs;
    const watched = (id: string, app: string) => {
      return before.get(id) ?? { app, budget: new CallBudget() };
    };
    this.runs = new Map(runs.slice(0, OPEN_RUNS_MAX).map(({ id, app }) => [id, watched(id, app)]));
  }

  /**
   * Whatever else bears such a request id is left out before it costs anything: a run that is not
   * open, another app, a session, nobody. So are calls that prove nothing and show nothing.
   */
  observe(exchange: Exchange): void {
    const { arrival, identity, refusal } = exchange;
    // A run is about signatures: neither a session's handshake nor a token stands for one.
    if (arrival.session !== undefined || identity?.scheme === 'token') return;
    const { runId, step } = readRequestId(arrival.requestId);
    const run = this.runs.get(runId);
    if (run === undefined) return;
    const isProven = identity !== undefined;
    if (!isProven && (refusal === undefined || refusal.name !== WANTED_REFUSALS.get(step))) return;
    const entry = identity?.entry ?? claimedKey(exchange);
    if (entry?.app.id !== run.app || entry.app.environment !== 'sandbox') return;
    if (!run.budget.take(step, isProven)) return this.options.counters.add('observations_dropped');
    this.options.post(describe(exchange, entry, this.options.clock.wallMs()));
  }
}

/**
 * Where a signature was refused: the key that it names. A replay was verified before its nonce was
 * looked at; of the other refusals the key is what the caller says.
 */
function claimedKey(exchange: Exchange): KeyEntry | undefined {
  const { headers, snapshot } = exchange.arrival;
  const keyId = claimedKeyId(headers);
  return keyId === undefined ? undefined : snapshot.keys.get(keyId);
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
    requestDigest: identity === undefined ? undefined : digestRequest(exchange),
    totalMs: exchange.stageMs[STAGE.total]!,
    atMs,
  };
}

/** A body that is longer than {@link DIGESTED_MAX_BYTES} counts with its beginning and length. */
function digestRequest({ arrival, body }: Exchange): string {
  const { path, query } = arrival;
  return digestOf(`${path}${query}\n${body.length}\n`, body.subarray(0, DIGESTED_MAX_BYTES));
}

function digestOf(text: string, bytes: Uint8Array = new Uint8Array(0)): string {
  const hash = createHash('sha256').update(text).update(bytes);
  return hash.digest('base64url').slice(0, DIGEST_CHARS);
}
