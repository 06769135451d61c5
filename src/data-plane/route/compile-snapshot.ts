/**
 * Turns the published registry into what a front thread reads per request. Runs on each front:
 * whole at start, in slices at a swap, so that no request waits behind the compilation.
 */
import { type Clock, systemClock } from '../../core/clock.ts';
import { type PublishedSnapshot, publish } from '../../core/published-snapshot.ts';
import { readKey, readSubscriptions } from '../../core/record-forms.ts';
import type {
  AppRecord,
  CompiledSnapshot,
  KeyEntry,
  OperationEntry,
  RegistrySnapshot,
} from '../../core/snapshot.ts';
import type { AppGrants, ProductApis } from './app-grants.ts';
import { compileApi, missing, required, serialFor } from './compile-records.ts';
import { LayeredMap } from './layered-map.ts';
import { PackedBase } from './packed-base.ts';
import { APP_FORM, GRANTS_FORM, KeyForm } from './packed-forms.ts';
import { NO_RECORD, PackedRecords } from './packed-records.ts';
import type { KeyOwners } from './record-base.ts';
import { RouteTable } from './route-table.ts';
import { asIndex, type CompiledApi, SnapshotIndex } from './snapshot-index.ts';
import { inOneGo, inSlices, RECORDS_PER_LOOK, type Steps } from './steps.ts';

function* compileSteps(
  snapshot: PublishedSnapshot,
  served: CompiledSnapshot | undefined,
): Steps<SnapshotIndex> {
  const previous = served && asIndex(served);
  const partners = yield* byId(snapshot.partners);
  const appRecords = yield* PackedRecords.of(snapshot.apps);
  yield* checkApps(appRecords, partners);
  const apps = new LayeredMap<AppRecord>(new PackedBase(appRecords, APP_FORM));
  const upstreams = yield* byId(snapshot.upstreams);
  const products = yield* compileProducts(snapshot);
  return new SnapshotIndex(snapshot.version, {
    partners,
    apps,
    upstreams,
    products,
    plans: yield* byId(snapshot.plans),
    topics: yield* byId(snapshot.topics),
    keys: yield* compileKeys(snapshot, appRecords, { apps, partners }, previous),
    grants: yield* compileGrants(snapshot, products),
    ...(yield* compileApis(snapshot, upstreams, previous)),
  });
}

function* byId<T extends { readonly id: string }>(records: readonly T[]): Steps<LayeredMap<T>> {
  const map = new Map<string, T>();
  for (const record of records) {
    map.set(record.id, record);
    if (map.size % RECORDS_PER_LOOK === 0) yield;
  }
  return LayeredMap.of(map);
}

function* checkApps(apps: PackedRecords, partners: KeyOwners['partners']): Steps<void> {
  for (let number = 0; number < apps.numbers; number++) {
    const id = apps.readId(number);
    required(partners, APP_FORM.read(apps.readerAt(number), id, number).partnerId, 'partner');
    if (number % RECORDS_PER_LOOK === 0) yield;
  }
}

/** Joined when they are read; here only that each has an app, and which serial is its own. */
function* compileKeys(
  { keys }: PublishedSnapshot,
  apps: PackedRecords,
  owners: KeyOwners,
  previous: SnapshotIndex | undefined,
): Steps<LayeredMap<KeyEntry>> {
  const records = yield* PackedRecords.of(keys);
  const serials = new Float64Array(records.numbers);
  for (let number = 0; number < serials.length; number++) {
    const id = records.readId(number);
    const reader = records.readerAt(number);
    const fields = reader.position;
    const appId = reader.text();
    if (apps.find(appId) === NO_RECORD) throw missing('app', appId);
    reader.position = fields;
    serials[number] =
      serialOfSame(previous?.tables.keys, id, records.bytesOf(number)) ??
      serialFor(readKey(reader, id), previous?.tables.keys.peek(id));
    if (number % RECORDS_PER_LOOK === 0) yield;
  }
  return new LayeredMap(new PackedBase(records, new KeyForm(owners, serials)));
}

/** Of a key that is sent again as it was, which is known without reading either of them. */
function serialOfSame(
  keys: LayeredMap<KeyEntry> | undefined,
  id: string,
  bytes: Uint8Array,
): number | undefined {
  const base = keys?.bareBase(id);
  if (!(base instanceof PackedBase) || !(base.form instanceof KeyForm)) return undefined;
  const number = base.records.find(id);
  if (number === NO_RECORD) return undefined;
  return Buffer.compare(base.records.bytesOf(number), bytes) === 0
    ? base.form.serialAt(number)
    : undefined;
}

function* compileProducts({ products }: PublishedSnapshot): Steps<LayeredMap<ProductApis>> {
  const map = new Map<string, ProductApis>();
  for (const { id, apiIds } of products) {
    map.set(id, new Set(apiIds));
    yield;
  }
  return LayeredMap.of(map);
}

function* compileGrants(
  { subscriptions }: PublishedSnapshot,
  products: LayeredMap<ProductApis>,
): Steps<LayeredMap<AppGrants>> {
  const records = yield* PackedRecords.of(subscriptions);
  for (let number = 0; number < records.numbers; number++) {
    const appId = records.readId(number);
    for (const { productId } of readSubscriptions(records.readerAt(number), appId)) {
      required(products, productId, 'product');
    }
    if (number % RECORDS_PER_LOOK === 0) yield;
  }
  return new LayeredMap(new PackedBase(records, GRANTS_FORM));
}

function* compileApis(
  { apis }: PublishedSnapshot,
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
  return { apis: LayeredMap.of(compiled), operations: LayeredMap.of(operations), routes };
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
  return inOneGo(compileSteps(publish(snapshot), previous));
}

/**
 * Compiles a snapshot while the front goes on serving: gives the event loop a turn whenever
 * `sliceMs` milliseconds of work are done. Rejects where `compileSnapshot` throws.
 */
export async function compileSnapshotSliced(
  snapshot: PublishedSnapshot,
  previous: CompiledSnapshot | undefined,
  sliceMs: number,
  clock: Clock = systemClock,
): Promise<CompiledSnapshot> {
  return inSlices(compileSteps(snapshot, previous), sliceMs, clock);
}
