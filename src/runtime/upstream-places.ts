/**
 * Gives each upstream and target of the registry whose health the fronts share its place in the
 * table, before a front hears of it, and takes back those of what is gone.
 */
import type { RecordDelta, UpstreamRecord } from '../core/snapshot.ts';
import {
  createHealthShared,
  HealthPlaces,
  type HealthShared,
  SharedHealthStates,
  targetName,
} from '../stores/shared-memory/index.ts';

export class UpstreamPlaces {
  readonly shared: HealthShared = createHealthShared();
  readonly states = new SharedHealthStates(this.shared);
  private readonly records = new Map<string, UpstreamRecord>();
  private readonly targets = new HealthPlaces(this.shared, 'target', this.states.nowMs);
  private readonly circuits = new HealthPlaces(this.shared, 'circuit', this.states.nowMs);

  /** All that there are. */
  takeAll(upstreams: readonly UpstreamRecord[]): void {
    const ids = new Set(upstreams.map(({ id }) => id));
    for (const id of [...this.records.keys()]) if (!ids.has(id)) this.replace(id, undefined);
    for (const record of upstreams) this.replace(record.id, record);
  }

  take({ upserts, removals }: RecordDelta<UpstreamRecord>): void {
    for (const id of removals) this.replace(id, undefined);
    for (const record of upserts) this.replace(record.id, record);
  }

  private replace(id: string, record: UpstreamRecord | undefined): void {
    const before = this.records.get(id);
    if (before === record) return;
    const names = new Set(targetNames(record));
    for (const name of targetNames(before)) if (!names.has(name)) this.targets.takeBack(name);
    for (const name of names) this.targets.give(name);
    if (hasCircuit(record)) this.circuits.give(id);
    else this.circuits.takeBack(id);
    if (record === undefined) this.records.delete(id);
    else this.records.set(id, record);
  }
}

function targetNames(record: UpstreamRecord | undefined): string[] {
  if (record === undefined) return [];
  const { id, targets, resilience } = record;
  if (resilience.health === undefined && resilience.outlier === undefined) return [];
  return targets.map(({ host, port }) => targetName(id, host, port));
}

function hasCircuit(record: UpstreamRecord | undefined): boolean {
  const { breaker, outlier } = record?.resilience ?? {};
  return breaker !== undefined || outlier !== undefined;
}
