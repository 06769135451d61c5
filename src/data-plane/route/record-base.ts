/** The large lower layer of a map in layers: what most lookups read, and no change touches. */
import type { AppRecord, PartnerRecord, RecordLookup } from '../../core/snapshot.ts';
import { RECORDS_PER_LOOK, type Steps } from './steps.ts';

/** By id: what is new or changed, and undefined for what is gone. */
export type Changes<T> = ReadonlyMap<string, T | undefined>;

/** What keys are joined with. */
export interface KeyOwners {
  readonly apps: RecordLookup<AppRecord>;
  readonly partners: RecordLookup<PartnerRecord>;
}

export interface RecordBase<T> extends RecordLookup<T> {
  /** As `get`, for those who read all of them once: nothing is kept for the next. */
  peek(id: string): T | undefined;
  /** Each id with what makes the record of it, in no order that means anything. */
  entries(): Iterable<readonly [string, () => T]>;
  /** Another one with these changes, and the owners in the snapshot that they belong to. */
  with(changes: Changes<T>, owners: KeyOwners): Steps<RecordBase<T>>;
}

/** Of kinds with few records, or with large ones that hang together. */
export class PlainBase<T> implements RecordBase<T> {
  private readonly records: ReadonlyMap<string, T>;

  /** The map belongs to this one from here on. */
  constructor(records: ReadonlyMap<string, T>) {
    this.records = records;
  }

  get(id: string): T | undefined {
    return this.records.get(id);
  }

  peek(id: string): T | undefined {
    return this.records.get(id);
  }

  *entries(): Generator<readonly [string, () => T]> {
    for (const [id, record] of this.records) yield [id, () => record];
  }

  *with(changes: Changes<T>): Steps<RecordBase<T>> {
    const records = new Map<string, T>();
    let visited = 0;
    for (const [id, record] of this.records) {
      if (!changes.has(id)) records.set(id, record);
      if (++visited % RECORDS_PER_LOOK === 0) yield;
    }
    for (const [id, record] of changes) if (record !== undefined) records.set(id, record);
    return new PlainBase(records);
  }
}
