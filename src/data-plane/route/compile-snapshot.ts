/**
 * Turns the published registry into what a front thread reads per request. Runs on each front:
 * whole at start, in slices at a swap, so that no request waits behind the compilation.
 */
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Problem } from '../../core/problems.ts';
import type {
  AppRecord,
  CompiledSnapshot,
  Grant,
  KeyEntry,
  KeyRecord,
  OperationEntry,
  PartnerRecord,
  RegistrySnapshot,
  SubscriptionRecord,
  TopicRecord,
  UpstreamRecord,
} from '../../core/snapshot.ts';
import { RouteTable } from './route-table.ts';

/** Records compiled between two looks at the clock: about 50 µs of work. */
const RECORDS_PER_LOOK = 128;

/**
 * Serials count up per thread. A worker serves one front only, so it never meets a serial twice
 * with different material.
 */
let lastSerial = 0;

interface AppGrants {
  readonly subscriptions: SubscriptionRecord[];
  /** By API id, made on first use: 40,000 maps at once are garbage collections of 60 ms. */
  byApi: Map<string, Grant> | undefined;
}

class SnapshotIndex implements CompiledSnapshot {
  readonly version: number;
  readonly keys = new Map<string, KeyEntry>();
  readonly operations: OperationEntry[] = [];
  readonly upstreams = new Map<string, UpstreamRecord>();
  readonly topics = new Map<string, TopicRecord>();
  readonly operationById = new Map<string, OperationEntry>();
  readonly routes = new RouteTable();
  readonly grants = new Map<string, AppGrants>();
  private readonly grantOfSubscription = new Map<SubscriptionRecord, Grant>();

  constructor(version: number) {
    this.version = version;
  }

  find(method: string, path: string): OperationEntry | Problem {
    return this.routes.find(method, path);
  }

  operation(id: string): OperationEntry | undefined {
    return this.operationById.get(id);
  }

  grant(appId: string, apiId: string): Grant | undefined {
    const app = this.grants.get(appId);
    if (app === undefined) return undefined;
    const known = app.byApi?.get(apiId);
    if (known !== undefined) return known;
    const merged = this.mergeGrants(app.subscriptions, apiId);
    if (merged === undefined) return undefined;
    // Refusals are not kept, so the memory is bounded by the pairs that are subscribed.
    app.byApi ??= new Map();
    app.byApi.set(apiId, merged);
    return merged;
  }

  /** The union of the scopes, under the plan of the first subscription in the registry's order. */
  private mergeGrants(subscriptions: SubscriptionRecord[], apiId: string): Grant | undefined {
    const matching = subscriptions.filter(({ apiIds }) => apiIds.includes(apiId));
    const first = matching[0];
    if (first === undefined) return undefined;
    if (matching.length > 1) {
      return { planId: first.planId, scopes: new Set(matching.flatMap(({ scopes }) => scopes)) };
    }
    let shared = this.grantOfSubscription.get(first);
    if (shared === undefined) {
      shared = { planId: first.planId, scopes: new Set(first.scopes) };
      this.grantOfSubscription.set(first, shared);
    }
    return shared;
  }
}

/** The registry refuses dangling references, so one in a snapshot is a bug and throws. */
function required<T>(map: ReadonlyMap<string, T>, id: string, kind: string): T {
  const found = map.get(id);
  if (found === undefined) throw new Error(`the snapshot names ${kind} ${id} but does not hold it`);
  return found;
}

function isSameKey(a: KeyRecord, b: KeyRecord): boolean {
  return a.algorithm === b.algorithm && Buffer.compare(a.material, b.material) === 0;
}

/** The same key id with the same material keeps its serial, so that workers' caches stay warm. */
function serialFor(key: KeyRecord, previous: CompiledSnapshot | undefined): number {
  const before = previous?.keys.get(key.id);
  if (before !== undefined && isSameKey(before.key, key)) return before.serial;
  lastSerial++;
  return lastSerial;
}

function* compileKeys(
  index: SnapshotIndex,
  snapshot: RegistrySnapshot,
  previous: CompiledSnapshot | undefined,
): Generator<undefined, void> {
  const partners = new Map<string, PartnerRecord>();
  for (const partner of snapshot.partners) partners.set(partner.id, partner);
  const apps = new Map<string, AppRecord>();
  let records = 0;
  for (const app of snapshot.apps) {
    apps.set(app.id, app);
    if (++records % RECORDS_PER_LOOK === 0) yield;
  }
  for (const key of snapshot.keys) {
    const app = required(apps, key.appId, 'app');
    const partner = required(partners, app.partnerId, 'partner');
    index.keys.set(key.id, { key, app, partner, serial: serialFor(key, previous) });
    if (++records % RECORDS_PER_LOOK === 0) yield;
  }
}

function* compileOperations(
  index: SnapshotIndex,
  snapshot: RegistrySnapshot,
): Generator<undefined, void> {
  for (const topic of snapshot.topics) index.topics.set(topic.id, topic);
  for (const upstream of snapshot.upstreams) index.upstreams.set(upstream.id, upstream);
  for (const api of snapshot.apis) {
    const upstream = required(index.upstreams, api.upstreamId, 'upstream');
    for (const operation of api.operations) {
      const entry = { index: index.operations.length, operation, api, upstream };
      index.operations.push(entry);
      index.operationById.set(operation.id, entry);
      index.routes.add(entry);
      if (entry.index % RECORDS_PER_LOOK === 0) yield;
    }
  }
}

function* compileGrants(
  index: SnapshotIndex,
  snapshot: RegistrySnapshot,
): Generator<undefined, void> {
  let records = 0;
  for (const subscription of snapshot.subscriptions) {
    const app = index.grants.get(subscription.appId);
    if (app === undefined) {
      const fresh = { subscriptions: [subscription], byApi: undefined };
      index.grants.set(subscription.appId, fresh);
    } else {
      app.subscriptions.push(subscription);
    }
    if (++records % RECORDS_PER_LOOK === 0) yield;
  }
}

function* compileInSteps(
  snapshot: RegistrySnapshot,
  previous: CompiledSnapshot | undefined,
): Generator<undefined, CompiledSnapshot> {
  const index = new SnapshotIndex(snapshot.version);
  yield* compileKeys(index, snapshot, previous);
  yield* compileOperations(index, snapshot);
  yield* compileGrants(index, snapshot);
  return index;
}

/**
 * Compiles a snapshot without a pause, for the start of a front. Throws when the snapshot refers to
 * what it does not hold or declares an operation twice; the registry loader lets neither through.
 *
 * @param previous the snapshot it replaces; keys that did not change keep their serials
 */
export function compileSnapshot(
  snapshot: RegistrySnapshot,
  previous?: CompiledSnapshot,
): CompiledSnapshot {
  const steps = compileInSteps(snapshot, previous);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Compiles a snapshot while the front goes on serving: gives the event loop a turn whenever
 * `sliceMs` milliseconds of work are done. Rejects where `compileSnapshot` throws.
 */
export async function compileSnapshotSliced(
  snapshot: RegistrySnapshot,
  previous: CompiledSnapshot | undefined,
  sliceMs: number,
  clock: Clock = systemClock,
): Promise<CompiledSnapshot> {
  const steps = compileInSteps(snapshot, previous);
  let sliceEndsMs = clock.monotonicMs() + sliceMs;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (clock.monotonicMs() < sliceEndsMs) continue;
    await nextLoopTurn();
    sliceEndsMs = clock.monotonicMs() + sliceMs;
  }
}
