/**
 * Records side by side in memory that threads share. What there is by the ten thousand travels and
 * stays so: as objects 80,000 keys with their apps and grants are 55 MB in the heap of each front,
 * which each of its garbage collections has to walk.
 *
 * A record is its length in bytes, its id and what its form writes; numbers are little-endian.
 */

/** Written once, before another thread sees it. */
export interface RecordPage {
  readonly records: number;
  readonly bytes: SharedArrayBuffer;
}

/** Of the length before a record or a text. */
const LENGTH_BYTES = 4;
const DOUBLE_BYTES = 8;
/** UTF-8 of one UTF-16 unit takes at most as many. */
const UNIT_BYTES_MAX = 3;
const START_BYTES = 4_096;

export class RecordWriter {
  private buffer = Buffer.allocUnsafeSlow(START_BYTES);
  private used = 0;
  private recordStart = 0;
  private begun = 0;

  /** Records since the last page was taken. */
  get records(): number {
    return this.begun;
  }

  begin(id: string): void {
    this.begun++;
    this.recordStart = this.used;
    this.reserve(LENGTH_BYTES);
    this.used += LENGTH_BYTES;
    this.text(id);
  }

  end(): void {
    this.buffer.writeUInt32LE(this.used - this.recordStart, this.recordStart);
  }

  /** 0 to 255. */
  byte(value: number): void {
    this.reserve(1);
    this.used = this.buffer.writeUInt8(value, this.used);
  }

  /** 0 to 2^32 - 1. */
  count(value: number): void {
    this.reserve(LENGTH_BYTES);
    this.used = this.buffer.writeUInt32LE(value, this.used);
  }

  double(value: number): void {
    this.reserve(DOUBLE_BYTES);
    this.used = this.buffer.writeDoubleLE(value, this.used);
  }

  text(value: string): void {
    this.reserve(LENGTH_BYTES + value.length * UNIT_BYTES_MAX);
    const start = this.used + LENGTH_BYTES;
    const length = this.buffer.write(value, start, 'utf8');
    this.buffer.writeUInt32LE(length, this.used);
    this.used = start + length;
  }

  bytes(value: Uint8Array): void {
    this.count(value.length);
    this.raw(value);
  }

  /** A record as another page has it. */
  copied(record: Uint8Array): void {
    this.begun++;
    this.raw(record);
  }

  /** What was written, and begins anew. */
  takePage(): RecordPage {
    const bytes = new SharedArrayBuffer(this.used);
    Buffer.from(bytes).set(this.buffer.subarray(0, this.used));
    const page = { records: this.begun, bytes };
    this.used = 0;
    this.begun = 0;
    return page;
  }

  private raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.used);
    this.used += value.length;
  }

  private reserve(bytes: number): void {
    const needed = this.used + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.used);
    this.buffer = larger;
  }
}

/** Reads one page; whoever uses it says first where it stands. */
export class RecordReader {
  /** The next byte that is read. */
  position = 0;
  private readonly buffer: Buffer;

  constructor({ bytes }: RecordPage) {
    this.buffer = Buffer.from(bytes);
  }

  get isAtEnd(): boolean {
    return this.position >= this.buffer.length;
  }

  /** Stands behind the length of the record that begins there; returns where the next one does. */
  beginAt(start: number): number {
    this.position = start + LENGTH_BYTES;
    return start + this.buffer.readUInt32LE(start);
  }

  byte(): number {
    return this.buffer[this.position++]!;
  }

  count(): number {
    const value = this.buffer.readUInt32LE(this.position);
    this.position += LENGTH_BYTES;
    return value;
  }

  double(): number {
    const value = this.buffer.readDoubleLE(this.position);
    this.position += DOUBLE_BYTES;
    return value;
  }

  text(): string {
    const length = this.count();
    const start = this.position;
    this.position += length;
    return this.buffer.toString('utf8', start, this.position);
  }

  /** Of the page itself, not a copy. */
  bytes(): Uint8Array {
    const length = this.count();
    const start = this.position;
    this.position += length;
    return new Uint8Array(this.buffer.buffer, start, length);
  }

  /** The whole record that begins there, of the page itself. */
  recordAt(start: number): Uint8Array {
    return this.buffer.subarray(start, start + this.buffer.readUInt32LE(start));
  }
}
