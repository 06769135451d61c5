/**
 * A snapshot cut into messages. Receiving one of 40,000 keys whole takes a thread about 100 ms
 * (structured clone, measured), which no request may wait; a part takes about 1 ms.
 */
import type { KeyRecord, RegistrySnapshot } from './snapshot.ts';

/** Records in one part; an API counts with its operations, a product with its APIs. */
export const SNAPSHOT_PART_RECORDS_MAX = 500;

export interface SnapshotPart {
  /** Position among the parts of this snapshot, from 0. */
  readonly position: number;
  readonly isLast: boolean;
  /** A slice of every list. */
  readonly records: RegistrySnapshot;
}

type ListName = Exclude<keyof RegistrySnapshot, 'version'>;
type Lists = { [List in ListName]: RegistrySnapshot[List][number][] };

const LISTS: readonly ListName[] = [
  'partners',
  'apps',
  'keys',
  'plans',
  'products',
  'apis',
  'subscriptions',
  'upstreams',
  'topics',
];

/** A reference in a list costs a tenth of a record. */
const REFERENCES_PER_RECORD = 10;

/**
 * The parts of one snapshot, made as they are asked for: cutting all of them at once would stall
 * the thread that sends. Several receivers get the same parts.
 */
export class SnapshotParts {
  readonly version: number;
  private readonly snapshot: RegistrySnapshot;
  private readonly cutter: Generator<SnapshotPart>;
  private readonly made: SnapshotPart[] = [];

  constructor(snapshot: RegistrySnapshot, recordsMax = SNAPSHOT_PART_RECORDS_MAX) {
    this.version = snapshot.version;
    this.snapshot = snapshot;
    this.cutter = cut(this.snapshot, recordsMax);
  }

  /** The part at a position; ask for them in order. Undefined behind the last. */
  at(position: number): SnapshotPart | undefined {
    if (position === this.made.length) {
      const { done, value } = this.cutter.next();
      if (done !== true) this.made.push(value);
    }
    return this.made[position];
  }
}

function* cut(snapshot: RegistrySnapshot, recordsMax: number): Generator<SnapshotPart> {
  let position = 0;
  let records = emptyLists();
  let weight = 0;
  for (const list of LISTS) {
    for (const record of snapshot[list]) {
      const added = weightOf(list, record);
      if (weight > 0 && weight + added > recordsMax) {
        yield { position, isLast: false, records: packed(snapshot.version, records) };
        position++;
        records = emptyLists();
        weight = 0;
      }
      (records[list] as unknown[]).push(record);
      weight += added;
    }
  }
  yield { position, isLast: true, records: packed(snapshot.version, records) };
}

function emptyLists(): Lists {
  return {
    partners: [],
    apps: [],
    keys: [],
    plans: [],
    products: [],
    apis: [],
    subscriptions: [],
    upstreams: [],
    topics: [],
  };
}

function weightOf(list: ListName, record: object): number {
  if (list === 'apis') {
    return 1 + (record as RegistrySnapshot['apis'][number]).operations.length;
  }
  if (list !== 'products') return 1;
  const { apiIds } = record as RegistrySnapshot['products'][number];
  return 1 + Math.ceil(apiIds.length / REFERENCES_PER_RECORD);
}

function packed(version: number, records: Lists): RegistrySnapshot {
  return { version, ...records, keys: packKeys(records.keys) };
}

/**
 * The same keys with their material side by side in memory that all threads share: it is not copied
 * for each of them, and a buffer of its own for each of 80,000 keys takes twice the time and memory
 * to receive.
 */
function packKeys(keys: readonly KeyRecord[]): KeyRecord[] {
  const bytes = keys.reduce((sum, { material }) => sum + material.length, 0);
  const pack = new SharedArrayBuffer(bytes);
  let offset = 0;
  return keys.map(key => {
    const material = new Uint8Array(pack, offset, key.material.length);
    material.set(key.material);
    offset += material.length;
    return { ...key, material };
  });
}

/** Puts the parts together again on the thread that receives them. */
export class SnapshotAssembly {
  private version = 0;
  private received = 0;
  private records = emptyLists();

  /**
   * The snapshot once its last part is in, undefined before. A first part starts anew and drops
   * what an interrupted publication left; a part out of order throws, because ports keep order.
   */
  add({ position, isLast, records }: SnapshotPart): RegistrySnapshot | undefined {
    if (position === 0) this.begin(records.version);
    if (position !== this.received || records.version !== this.version) {
      throw new Error(`part ${position} of snapshot ${records.version} is out of order`);
    }
    this.received++;
    for (const list of LISTS) {
      const into: unknown[] = this.records[list];
      for (const record of records[list]) into.push(record);
    }
    if (!isLast) return undefined;
    const whole = { version: this.version, ...this.records };
    this.begin(0);
    return whole;
  }

  private begin(version: number): void {
    this.version = version;
    this.received = 0;
    this.records = emptyLists();
  }
}
