/**
 * Makes a snapshot that many changes have worn as if it had been compiled whole, beside traffic and
 * beside further changes: it is frozen, renewed as it was then, and what has changed meanwhile is
 * laid over the result.
 */
import { type Clock, systemClock } from '../../core/clock.ts';
import type { CompiledSnapshot } from '../../core/snapshot.ts';
import { ApiChanges } from './api-changes.ts';
import type { LayeredMap } from './layered-map.ts';
import { RouteTable } from './route-table.ts';
import { asIndex, SnapshotIndex, type SnapshotTables } from './snapshot-index.ts';
import { inSlices, type Steps } from './steps.ts';

type MapName = Exclude<keyof SnapshotTables, 'routes'>;
type Maps = Pick<SnapshotTables, MapName>;
type AnyMap = LayeredMap<unknown>;

/** Parts of a frozen snapshot, and what is to take their place. */
export interface Renewal {
  readonly frozen: SnapshotIndex;
  readonly maps: Partial<Record<MapName, AnyMap>>;
  readonly routes: RouteTable | undefined;
}

/** Whether so much has changed that looking up or changing it costs more than it should. */
export function isWorn(snapshot: CompiledSnapshot): boolean {
  return asIndex(snapshot).tables.routes.isWorn || isFull(snapshot);
}

/** Whether what is frozen is to be renewed before the next change. */
export function isFull(snapshot: CompiledSnapshot): boolean {
  return mapsOf(asIndex(snapshot)).some(([, map]) => map.isFull);
}

/** The same snapshot with its worn parts frozen, or all of them; only where none is frozen. */
export function freezeSnapshot(
  snapshot: CompiledSnapshot,
  parts: 'worn' | 'all' = 'worn',
): CompiledSnapshot {
  const { version, tables } = asIndex(snapshot);
  const { routes, ...maps } = tables;
  const frozen: Record<string, AnyMap> = {};
  for (const [name, map] of mapsOf(asIndex(snapshot))) {
    // The routes are made of the APIs: it has to be known which of them have changed since.
    const isFrozen = parts === 'all' || map.isFull || (name === 'apis' && routes.isWorn);
    frozen[name] = isFrozen ? map.freeze() : map;
  }
  return new SnapshotIndex(version, { ...maps, ...(frozen as unknown as Maps), routes });
}

/** Renews what is frozen; the snapshot itself stays what it is. */
export async function renewFrozen(
  frozen: CompiledSnapshot,
  sliceMs: number,
  clock: Clock = systemClock,
): Promise<Renewal> {
  return inSlices(renewalSteps(asIndex(frozen)), sliceMs, clock);
}

function* renewalSteps(frozen: SnapshotIndex): Steps<Renewal> {
  const maps: Partial<Record<MapName, AnyMap>> = {};
  for (const [name, map] of mapsOf(frozen)) {
    if (map.isFrozen) maps[name] = yield* map.fold(frozen.tables);
  }
  const { apis } = frozen.tables;
  if (!apis.isFrozen) return { frozen, maps, routes: undefined };
  const fresh = new RouteTable();
  for (const { entries } of apis.values()) {
    for (const entry of entries) fresh.add(entry);
    yield;
  }
  return { frozen, maps, routes: fresh };
}

/** A snapshot that changes have made of the frozen one, renewed. Another one is left as it is. */
export async function renewSnapshot(
  snapshot: CompiledSnapshot,
  renewal: Renewal,
  sliceMs: number,
  clock: Clock = systemClock,
): Promise<CompiledSnapshot> {
  return inSlices(takeOver(asIndex(snapshot), renewal), sliceMs, clock);
}

function* takeOver(snapshot: SnapshotIndex, renewal: Renewal): Steps<SnapshotIndex> {
  const { frozen, maps } = renewal;
  const { routes, ...before } = snapshot.tables;
  const renewed: Record<string, AnyMap> = {};
  for (const [name, map] of mapsOf(snapshot)) {
    const folded = maps[name];
    const isAbove = folded !== undefined && map.isAbove(frozen.tables[name] as AnyMap);
    renewed[name] = isAbove ? map.onto(folded) : map;
  }
  const isOfFrozen = snapshot.tables.apis.isAbove(frozen.tables.apis);
  return new SnapshotIndex(snapshot.version, {
    ...before,
    ...(renewed as unknown as Maps),
    routes:
      renewal.routes !== undefined && isOfFrozen
        ? yield* renewal.routes.with(changesSince(frozen, snapshot))
        : routes,
  });
}

function changesSince(frozen: SnapshotIndex, { tables }: SnapshotIndex): ApiChanges {
  const changes = new ApiChanges();
  for (const [id, api] of tables.apis.changed()) changes.exchange(frozen.tables.apis.get(id), api);
  return changes;
}

function mapsOf({ tables: { routes: _, ...maps } }: SnapshotIndex): [MapName, AnyMap][] {
  return Object.entries(maps) as [MapName, AnyMap][];
}
