/** What a registry of that size costs the control plane, on its own thread alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RegistryDesk } from '../../src/control-plane/registry/desk.ts';
import type { RegistryLists } from '../../src/control-plane/registry/desk-contract.ts';
import type { AnyKind } from '../../src/control-plane/registry/kinds.ts';
import { SecretSealer } from '../../src/control-plane/registry/sealer.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createMemoryRegistryStore } from '../../src/stores/memory/registry-store.ts';
import type { JsonObject, RegistryStore } from '../../src/stores/registry-contract.ts';
import { openSqliteRegistryStore } from '../../src/stores/sqlite/index.ts';
import { LoopWatch } from './loop-watch.ts';

export const STORES = ['memory', 'sqlite'] as const;
export type StoreName = (typeof STORES)[number];

export interface ChangeFigures {
  readonly change: string;
  /** From the call until its delta was handed over for the fronts. */
  readonly medianMs: number;
  readonly maxMs: number;
}

export interface DeskFigures {
  readonly records: number;
  /** All records into an empty registry. */
  readonly applyMs: number;
  /** The same where no key is new to it. */
  readonly planAgainMs: number;
  /** The longest that the event loop stood still in either. */
  readonly applyStallMs: number;
  readonly planAgainStallMs: number;
  readonly exportMs: number;
  readonly openMs: number;
  readonly snapshotMs: number;
  /** Of the JavaScript heap: what one open registry holds. */
  readonly heapMb: number;
  readonly changes: readonly ChangeFigures[];
}

const TRACE = { actor: 'system:bench', reason: '' };

export async function measureDesk(
  lists: RegistryLists,
  storeName: StoreName,
  changesEach: number,
): Promise<DeskFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-registry-'));
  const store =
    storeName === 'memory'
      ? createMemoryRegistryStore()
      : await openSqliteRegistryStore(join(folder, 'registry.sqlite'));
  try {
    const sealer = SecretSealer.create();
    const applied = await measureApply(lists, store, sealer);
    const emptyMb = heapMb();
    let publishedMs = 0;
    const onPublish = () => {
      publishedMs = performance.now();
    };
    const [desk, openMs] = await timed(() => openDesk(store, sealer, onPublish));
    const openedMb = heapMb();
    const [, exportMs] = await timed(async () => desk.export());
    const [, snapshotMs] = await timed(async () => desk.snapshot());
    const changes = await measureChanges(desk, changesEach, () => publishedMs);
    return { ...applied, exportMs, openMs, snapshotMs, heapMb: openedMb - emptyMb, changes };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

async function measureApply(lists: RegistryLists, store: RegistryStore, sealer: SecretSealer) {
  const desk = await openDesk(store, sealer, () => {});
  const request = { ...TRACE, lists, prune: true };
  const watch = new LoopWatch();
  const [applied, applyMs] = await timed(() => desk.apply({ ...request, dryRun: false }));
  const applyStallMs = watch.takeLongestMs();
  if ('refusals' in applied) throw new Error(JSON.stringify(applied.refusals.slice(0, 3)));
  const [, planAgainMs] = await timed(() => desk.apply({ ...request, dryRun: true }));
  const planAgainStallMs = watch.takeLongestMs();
  watch.stop();
  await desk.close();
  return { records: applied.plan.length, applyMs, applyStallMs, planAgainMs, planAgainStallMs };
}

async function measureChanges(
  desk: RegistryDesk,
  changesEach: number,
  publishedMs: () => number,
): Promise<ChangeFigures[]> {
  const figures: ChangeFigures[] = [];
  for (const [change, kind, edit] of CHANGES) {
    if (desk.count(kind) === 0) continue;
    const timesMs: number[] = [];
    for (let count = 0; count < changesEach; count++) {
      const { records } = desk.list({ kind, limit: 1 });
      const { id, body } = records[0]!;
      const changes = [{ kind, id, body: edit(body, count) }];
      const startMs = performance.now();
      const result = await desk.change({ ...TRACE, action: 'bench.change', changes });
      if ('refusals' in result) throw new Error(JSON.stringify(result.refusals));
      timesMs.push(publishedMs() - startMs);
    }
    timesMs.sort((a, b) => a - b);
    figures.push({ change, medianMs: timesMs[timesMs.length >> 1]!, maxMs: timesMs.at(-1)! });
  }
  return figures;
}

/** Each differs from what was there, as often as it is made. */
const CHANGES: readonly (readonly [
  change: string,
  kind: AnyKind,
  edit: (body: JsonObject, count: number) => JsonObject,
])[] = [
  ['a key is revoked', 'key', body => ({ ...body, revoked: body.revoked !== true })],
  ['an app is suspended', 'app', body => either(body, 'status', 'suspended', 'active')],
  ['a partner is suspended', 'partner', body => either(body, 'status', 'suspended', 'production')],
  ['an API moves', 'api', (body, count) => ({ ...body, basePath: `/moved-${count}` })],
  ['an upstream is tuned', 'upstream', (body, count) => ({ ...body, queueMax: count })],
  ['a subscription ends', 'subscription', body => either(body, 'status', 'ended', 'approved')],
];

function either(body: JsonObject, property: string, one: string, other: string): JsonObject {
  return { ...body, [property]: body[property] === one ? other : one };
}

function openDesk(
  store: RegistryStore,
  sealer: SecretSealer,
  publish: () => void,
): Promise<RegistryDesk> {
  return RegistryDesk.open({
    store,
    sealer,
    clock: systemClock,
    publish,
    served: async () => true,
    report: () => {},
  });
}

async function timed<T>(task: () => Promise<T>): Promise<[result: T, ms: number]> {
  const startMs = performance.now();
  const result = await task();
  return [result, performance.now() - startMs];
}

function heapMb(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
