/**
 * Turns the published registry into what a front thread reads per request. Runs on each front:
 * whole at start, in slices at a swap, so that no request waits behind the compilation.
 */
import { type Clock, systemClock } from '../../core/clock.ts';
import type {
  CompiledSnapshot,
  KeyEntry,
  OperationEntry,
  RegistrySnapshot,
  SubscriptionRecord,
} from '../../core/snapshot.ts';
import { AppGrants, type ProductApis } from './app-grants.ts';
import { compileApi, joinKey, required } from './compile-records.ts';
import { LayeredMap } from './layered-map.ts';
import { RouteTable } from './route-table.ts';
import { asIndex, type CompiledApi, SnapshotIndex } from './snapshot-index.ts';
import { inOneGo, inSlices, RECORDS_PER_LOOK, type Steps } from './steps.ts';

function* compileSteps(
  snapshot: RegistrySnapshot,
  served: CompiledSnapshot | undefined,
): Steps<SnapshotIndex> {
  const previous = served && asIndex(served);
  const partners = yield* byId(snapshot.partners);
  const apps = yield* byId(snapshot.apps);
  const upstreams = yield* byId(snapshot.upstreams);
  const products = yield* compileProducts(snapshot);
  return new SnapshotIndex(snapshot.version, {
    partners,
    apps,
    upstreams,
    products,
    plans: yield* byId(snapshot.plans),
    topics: yield* byId(snapshot.topics),
    keys: yield* compileKeys(snapshot, apps, partners, previous),
    grants: yield* compileGrants(snapshot, products, previous),
    ...(yield* compileApis(snapshot, upstreams, previous)),
  });
}

function* byId<T extends { readonly id: string }>(records: readonly T[]): Steps<LayeredMap<T>> {
  const map = new Map<string, T>();
  for (const record of records) {
    map.set(record.id, record);
    if (map.size % RECORDS_PER_LOOK === 0) yield;
  }
  return new LayeredMap(map);
}

function* compileKeys(
  { keys }: RegistrySnapshot,
  apps: SnapshotIndex['tables']['apps'],
  partners: SnapshotIndex['tables']['partners'],
  previous: SnapshotIndex | undefined,
): Steps<LayeredMap<KeyEntry>> {
  const map = new Map<string, KeyEntry>();
  for (const key of keys) {
    map.set(key.id, joinKey(key, apps, partners, previous));
    if (map.size % RECORDS_PER_LOOK === 0) yield;
  }
  return new LayeredMap(map);
}

function* compileProducts({ products }: RegistrySnapshot): Steps<LayeredMap<ProductApis>> {
  const map = new Map<string, ProductApis>();
  for (const { id, apiIds } of products) {
    map.set(id, new Set(apiIds));
    yield;
  }
  return new LayeredMap(map);
}

function* compileGrants(
  { subscriptions }: RegistrySnapshot,
  products: LayeredMap<ProductApis>,
  previous: SnapshotIndex | undefined,
): Steps<LayeredMap<AppGrants>> {
  const byApp = new Map<string, SubscriptionRecord[]>();
  let records = 0;
  for (const subscription of subscriptions) {
    required(products, subscription.productId, 'product');
    const others = byApp.get(subscription.appId);
    if (others === undefined) byApp.set(subscription.appId, [subscription]);
    else others.push(subscription);
    if (++records % RECORDS_PER_LOOK === 0) yield;
  }
  const map = new Map<string, AppGrants>();
  for (const [appId, ofApp] of byApp) {
    const before = previous?.tables.grants.get(appId);
    map.set(appId, before?.isOf(ofApp) === true ? before : new AppGrants(ofApp));
    if (map.size % RECORDS_PER_LOOK === 0) yield;
  }
  return new LayeredMap(map);
}

function* compileApis(
  { apis }: RegistrySnapshot,
  upstreams: SnapshotIndex['upstreams'],
  previous: SnapshotIndex | undefined,
): Steps<Pick<SnapshotIndex['tables'], 'apis' | 'operations' | 'routes'>> {
  const compiled = new Map<string, CompiledApi>();
  const operations = new Map<string, OperationEntry>();
  const routes = new RouteTable();
  let looks = 0;
  for (const api of apis) {
    const one = compileApi(api, upstreams, previous?.tables.apis.get(api.id));
    compiled.set(api.id, one);
    for (const entry of one.entries) {
      operations.set(entry.operation.id, entry);
      routes.add(entry);
      if (++looks % RECORDS_PER_LOOK === 0) yield;
    }
  }
  return { apis: new LayeredMap(compiled), operations: new LayeredMap(operations), routes };
}

/**
 * Compiles a snapshot without a pause. Throws when the snapshot refers to what it does not hold or
 * declares an operation twice; the registry lets neither through.
 *
 * @param previous the snapshot it replaces; what did not change is kept as it is
 */
export function compileSnapshot(
  snapshot: RegistrySnapshot,
  previous?: CompiledSnapshot,
): CompiledSnapshot {
  return inOneGo(compileSteps(snapshot, previous));
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
  return inSlices(compileSteps(snapshot, previous), sliceMs, clock);
}
