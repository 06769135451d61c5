/**
 * A snapshot cut into messages. Receiving 30,000 operations whole takes a thread 30 ms (structured
 * clone, measured), which no request may wait; a part takes about 1 ms.
 */
import {
  LISTED_KINDS,
  type ListedKind,
  PAGED_KINDS,
  type PublishedSnapshot,
  pagesOf,
} from './published-snapshot.ts';
import type { RegistrySnapshot } from './snapshot.ts';

/** Records in one part; an API counts with its operations, a product with its APIs. */
export const SNAPSHOT_PART_RECORDS_MAX = 500;

export interface SnapshotPart {
  /** Position among the parts of this snapshot, from 0. */
  readonly position: number;
  readonly isLast: boolean;
  /** A slice of every list. */
  readonly records: PublishedSnapshot;
}

type Kind = Exclude<keyof PublishedSnapshot, 'version'>;
type Lists = { [K in Kind]: PublishedSnapshot[K][number][] };

const KINDS: readonly Kind[] = [...LISTED_KINDS, ...PAGED_KINDS];

/** A reference in a list costs a tenth of a record. */
const REFERENCES_PER_RECORD = 10;

/**
 * The parts of one snapshot, made as they are asked for: cutting all of them at once would stall
 * the thread that sends. Several receivers get the same parts.
 */
export class SnapshotParts {
  readonly version: number;
  private readonly cutter: Generator<SnapshotPart>;
  private readonly made: SnapshotPart[] = [];

  constructor(snapshot: RegistrySnapshot, recordsMax = SNAPSHOT_PART_RECORDS_MAX) {
    this.version = snapshot.version;
    this.cutter = cut(snapshot, recordsMax);
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
  const { version } = snapshot;
  let position = 0;
  let records = emptyLists();
  let weight = 0;
  for (const [kind, item, added] of itemsOf(snapshot)) {
    if (weight > 0 && weight + added > recordsMax) {
      yield { position, isLast: false, records: { version, ...records } };
      position++;
      records = emptyLists();
      weight = 0;
    }
    (records[kind] as unknown[]).push(item);
    weight += added;
  }
  yield { position, isLast: true, records: { version, ...records } };
}

type Item = readonly [kind: Kind, item: object, weight: number];

function* itemsOf(snapshot: RegistrySnapshot): Generator<Item> {
  for (const kind of LISTED_KINDS) {
    for (const record of snapshot[kind]) yield [kind, record, weightOf(kind, record)];
  }
  // Its memory is not copied, but the sender has it to write: it has its turn between two parts.
  for (const kind of PAGED_KINDS) {
    for (const page of pagesOf(snapshot, kind)) yield [kind, page, page.records];
  }
}

function emptyLists(): Lists {
  return {
    ...{ partners: [], plans: [], products: [], apis: [], upstreams: [], topics: [] },
    ...{ apps: [], keys: [], subscriptions: [] },
  };
}

function weightOf(kind: ListedKind, record: object): number {
  if (kind === 'apis') {
    return 1 + (record as RegistrySnapshot['apis'][number]).operations.length;
  }
  if (kind !== 'products') return 1;
  const { apiIds } = record as RegistrySnapshot['products'][number];
  return 1 + Math.ceil(apiIds.length / REFERENCES_PER_RECORD);
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
  add({ position, isLast, records }: SnapshotPart): PublishedSnapshot | undefined {
    if (position === 0) this.begin(records.version);
    if (position !== this.received || records.version !== this.version) {
      throw new Error(`part ${position} of snapshot ${records.version} is out of order`);
    }
    this.received++;
    for (const kind of KINDS) {
      const into: unknown[] = this.records[kind];
      for (const record of records[kind]) into.push(record);
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
