/**
 * Finds records in pages by id. Immutable like the pages: a change makes another index over the
 * same pages and one more, which costs a copy of three integers a record.
 */
import { PAGE_RECORDS_MAX } from '../../core/published-snapshot.ts';
import { type RecordPage, RecordReader, RecordWriter } from '../../core/record-pages.ts';
import { RECORDS_PER_LOOK, type Steps } from './steps.ts';

/** Slot layout: hash of the id, number of the record + 1 (0 marks a free slot, GONE a lost one). */
const SLOT_INTS = 2;
const SLOTS_MIN = 16;
const GONE = -1;
export const NO_RECORD = -1;

/** FNV-1a, 32 bits, over the UTF-16 units. */
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

export class PackedRecords {
  private pages: readonly RecordPage[] = [];
  private readers: readonly RecordReader[] = [];
  private slots = new Int32Array(SLOTS_MIN * SLOT_INTS);
  private slotMask = SLOTS_MIN - 1;
  /** By number of the record: its page and its place there. */
  private places = new Int32Array(0);
  /** Numbers that were given; those of records that are gone are not given again. */
  numbers = 0;
  private gone = 0;
  private usedSlots = 0;

  static *of(pages: readonly RecordPage[]): Steps<PackedRecords> {
    const packed = new PackedRecords();
    packed.makeRoom(pages.reduce((sum, { records }) => sum + records, 0));
    for (const page of pages) yield* packed.addPage(page);
    return packed;
  }

  get size(): number {
    return this.numbers - this.gone;
  }

  /** The number of a record, or NO_RECORD. */
  find(id: string): number {
    const slot = this.slotOf(id, hashOf(id));
    return slot < 0 ? NO_RECORD : this.slots[slot * SLOT_INTS + 1]! - 1;
  }

  /** Stands behind the id of that record, which is returned. */
  readId(number: number): string {
    const reader = this.readerAt(number);
    reader.beginAt(this.places[number * 2 + 1]!);
    return reader.text();
  }

  /** The whole record, of the page itself. */
  bytesOf(number: number): Uint8Array {
    return this.readerAt(number).recordAt(this.places[number * 2 + 1]!);
  }

  /** The one that `readId` has put in its place. */
  readerAt(number: number): RecordReader {
    return this.readers[this.places[number * 2]!]!;
  }

  /** Whether more than half of what is kept is of records that are gone. */
  get isWorn(): boolean {
    return this.gone * 2 > this.numbers;
  }

  /** Numbers of all records, in no order that means anything. */
  *all(): Generator<number> {
    for (let at = 1; at < this.slots.length; at += SLOT_INTS) {
      if (this.slots[at]! > 0) yield this.slots[at]! - 1;
    }
  }

  /** Without some, then with those of a page. */
  *with(removals: Iterable<string>, page: RecordPage): Steps<PackedRecords> {
    const next = this.copy();
    let steps = 0;
    for (const id of removals) {
      next.remove(id);
      if (++steps % RECORDS_PER_LOOK === 0) yield;
    }
    next.makeRoom(page.records);
    if (page.records > 0) yield* next.addPage(page);
    return next;
  }

  /** The same records in pages of their own; their numbers are as `all` gives them, from 0. */
  *repacked(): Steps<PackedRecords> {
    const writer = new RecordWriter();
    const pages: RecordPage[] = [];
    for (const number of this.all()) {
      writer.copied(this.bytesOf(number));
      if (writer.records < PAGE_RECORDS_MAX) continue;
      pages.push(writer.takePage());
      yield;
    }
    pages.push(writer.takePage());
    return yield* PackedRecords.of(pages);
  }

  private copy(): PackedRecords {
    const next = new PackedRecords();
    next.pages = this.pages;
    next.readers = this.readers;
    next.slots = this.slots.slice();
    next.slotMask = this.slotMask;
    next.places = this.places;
    next.numbers = this.numbers;
    next.gone = this.gone;
    next.usedSlots = this.usedSlots;
    return next;
  }

  private *addPage(page: RecordPage): Steps<void> {
    const reader = new RecordReader(page);
    const pageNumber = this.pages.length;
    this.pages = [...this.pages, page];
    this.readers = [...this.readers, reader];
    for (let start = 0, read = 0; read < page.records; ) {
      const end = reader.beginAt(start);
      this.add(reader.text(), pageNumber, start);
      start = end;
      if (++read % RECORDS_PER_LOOK === 0) yield;
    }
  }

  /** The last of those with one id counts. */
  private add(id: string, page: number, start: number): void {
    const number = this.numbers++;
    this.places[number * 2] = page;
    this.places[number * 2 + 1] = start;
    const hash = hashOf(id);
    const known = this.slotOf(id, hash);
    if (known >= 0) {
      this.gone++;
      this.slots[known * SLOT_INTS + 1] = number + 1;
      return;
    }
    this.usedSlots++;
    insert(this.slots, this.slotMask, hash, number + 1);
  }

  private remove(id: string): void {
    const slot = this.slotOf(id, hashOf(id));
    if (slot < 0) return;
    this.slots[slot * SLOT_INTS + 1] = GONE;
    this.gone++;
  }

  private slotOf(id: string, hash: number): number {
    const { slots, slotMask } = this;
    for (let slot = spread(hash) & slotMask; ; slot = (slot + 1) & slotMask) {
      const mark = slots[slot * SLOT_INTS + 1]!;
      if (mark === 0) return -1;
      if (mark > 0 && slots[slot * SLOT_INTS] === hash && this.readId(mark - 1) === id) return slot;
    }
  }

  /** For so many more. At most half of the slots are used: a miss then ends after about two. */
  private makeRoom(records: number): void {
    const places = new Int32Array((this.numbers + records) * 2);
    places.set(this.places.subarray(0, this.numbers * 2));
    this.places = places;
    const wanted = (this.usedSlots + records) * 2;
    if (wanted <= this.slotMask + 1) return;
    let count = SLOTS_MIN;
    while (count < wanted) count *= 2;
    const slots = new Int32Array(count * SLOT_INTS);
    for (let at = 0; at < this.slots.length; at += SLOT_INTS) {
      const mark = this.slots[at + 1]!;
      if (mark > 0) insert(slots, count - 1, this.slots[at]!, mark);
    }
    this.usedSlots = this.size;
    this.slots = slots;
    this.slotMask = count - 1;
  }
}

function insert(slots: Int32Array, mask: number, hash: number, mark: number): void {
  let slot = spread(hash) & mask;
  while (slots[slot * SLOT_INTS + 1] !== 0) slot = (slot + 1) & mask;
  slots[slot * SLOT_INTS] = hash;
  slots[slot * SLOT_INTS + 1] = mark;
}

function hashOf(id: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), FNV_PRIME);
  return hash;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}
