/**
 * A snapshot cut into messages. Receiving one of 40,000 keys whole takes a thread about 100 ms
 * (structured clone, measured), which no request may wait; a part of 1,000 records takes 2 ms.
 */
import type { RegistrySnapshot } from './snapshot.ts';

/** Records of each kind in one part. */
export const SNAPSHOT_PART_RECORDS_MAX = 500;

export interface SnapshotPart {
  /** Position among the parts of this snapshot, from 0. */
  readonly position: number;
  readonly isLast: boolean;
  /** A slice of every list. */
  readonly records: RegistrySnapshot;
}

const LISTS = [
  'partners',
  'apps',
  'keys',
  'plans',
  'apis',
  'subscriptions',
  'upstreams',
  'topics',
] as const satisfies readonly (keyof RegistrySnapshot)[];

/** Cuts a snapshot into parts, to be sent in order; at least one. */
export function splitSnapshot(
  snapshot: RegistrySnapshot,
  recordsMax = SNAPSHOT_PART_RECORDS_MAX,
): SnapshotPart[] {
  const longest = Math.max(...LISTS.map(list => snapshot[list].length));
  const parts = Math.max(1, Math.ceil(longest / recordsMax));
  return Array.from({ length: parts }, (_, position) => {
    const from = position * recordsMax;
    const to = from + recordsMax;
    const records: RegistrySnapshot = {
      version: snapshot.version,
      partners: snapshot.partners.slice(from, to),
      apps: snapshot.apps.slice(from, to),
      keys: snapshot.keys.slice(from, to),
      plans: snapshot.plans.slice(from, to),
      apis: snapshot.apis.slice(from, to),
      subscriptions: snapshot.subscriptions.slice(from, to),
      upstreams: snapshot.upstreams.slice(from, to),
      topics: snapshot.topics.slice(from, to),
    };
    return { position, isLast: position === parts - 1, records };
  });
}

/** Puts the parts together again on the thread that receives them. */
export class SnapshotAssembly {
  private parts: RegistrySnapshot[] = [];

  /**
   * The snapshot once its last part is in, undefined before. A first part starts anew and drops
   * what an interrupted publication left; a part out of order throws, because ports keep order.
   */
  add(part: SnapshotPart): RegistrySnapshot | undefined {
    if (part.position === 0) this.parts = [];
    const version = this.parts[0]?.version ?? part.records.version;
    if (part.position !== this.parts.length || part.records.version !== version) {
      throw new Error(`part ${part.position} of snapshot ${part.records.version} is out of order`);
    }
    this.parts.push(part.records);
    if (!part.isLast) return undefined;
    const { parts } = this;
    this.parts = [];
    return {
      version,
      partners: parts.flatMap(records => records.partners),
      apps: parts.flatMap(records => records.apps),
      keys: parts.flatMap(records => records.keys),
      plans: parts.flatMap(records => records.plans),
      apis: parts.flatMap(records => records.apis),
      subscriptions: parts.flatMap(records => records.subscriptions),
      upstreams: parts.flatMap(records => records.upstreams),
      topics: parts.flatMap(records => records.topics),
    };
  }
}
