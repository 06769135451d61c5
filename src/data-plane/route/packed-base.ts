/**
 * A lower layer whose records stay in pages until somebody asks for them: apps, keys and grants, of
 * which there are 160,000 and few in use at a time. One that is read first costs 2 µs, and then as
 * much as in a plain map.
 */
import { type RecordReader, RecordWriter } from '../../core/record-pages.ts';
import { NO_RECORD, type PackedRecords } from './packed-records.ts';
import { RecentRecords } from './recent-records.ts';
import type { Changes, KeyOwners, RecordBase } from './record-base.ts';
import { RECORDS_PER_LOOK, type Steps } from './steps.ts';

/** About 600 bytes each, and at most twice as many. */
const RECENT_RECORDS_MAX = 8_192;

/** How one kind of them is read and written. */
export interface PackedForm<T> {
  /** The reader stands behind the id. */
  read(reader: RecordReader, id: string, number: number): T;
  write(writer: RecordWriter, id: string, record: T): void;
  /** The form of the same records with these behind them. */
  with(added: readonly T[], owners: KeyOwners): PackedForm<T>;
  /** The form of the same records whose numbers are now their places in the list. */
  renumbered(numbers: readonly number[]): PackedForm<T>;
}

export class PackedBase<T> implements RecordBase<T> {
  readonly records: PackedRecords;
  readonly form: PackedForm<T>;
  private readonly recent = new RecentRecords<T>(RECENT_RECORDS_MAX);

  constructor(records: PackedRecords, form: PackedForm<T>) {
    this.records = records;
    this.form = form;
  }

  get(id: string): T | undefined {
    const recent = this.recent.get(id);
    if (recent !== undefined) return recent;
    const record = this.peek(id);
    if (record !== undefined) this.recent.keep(id, record);
    return record;
  }

  peek(id: string): T | undefined {
    const number = this.records.find(id);
    return number === NO_RECORD ? undefined : this.read(number, this.records.readId(number));
  }

  *entries(): Generator<readonly [string, () => T]> {
    for (const number of this.records.all()) {
      const id = this.records.readId(number);
      yield [id, () => this.peek(id)!];
    }
  }

  *with(changes: Changes<T>, owners: KeyOwners): Steps<RecordBase<T>> {
    const removals: string[] = [];
    const added: T[] = [];
    const writer = new RecordWriter();
    let visited = 0;
    for (const [id, record] of changes) {
      if (record === undefined) removals.push(id);
      else {
        added.push(record);
        this.form.write(writer, id, record);
      }
      if (++visited % RECORDS_PER_LOOK === 0) yield;
    }
    const records = yield* this.records.with(removals, writer.takePage());
    const form = this.form.with(added, owners);
    if (!records.isWorn) return new PackedBase(records, form);
    const numbers = [...records.all()];
    return new PackedBase(yield* records.repacked(), form.renumbered(numbers));
  }

  private read(number: number, id: string): T {
    return this.form.read(this.records.readerAt(number), id, number);
  }
}
