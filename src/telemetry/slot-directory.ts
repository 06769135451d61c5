/** Longest name that gets a slot of its own, in UTF-8 bytes. */
export const SLOT_NAME_MAX_BYTES = 248;

const RECORD_BYTES = 8 + SLOT_NAME_MAX_BYTES;
const RECORD_INTS = RECORD_BYTES / 4;
const VERSION = 0;
const LENGTH = 1;

export interface DirectoryEntry {
  readonly name: string;
  /** Changes whenever the slot gets another owner. */
  readonly version: number;
}

/**
 * Which operation or app owns which slot of a front's figures, in shared memory, so that the main
 * thread can name the slots of a front that no longer answers. Each record carries a version that
 * is odd while it is being changed: a reader that sees it odd, or changed, leaves the slot out of
 * this reading.
 */
export class SlotDirectory {
  readonly buffer: SharedArrayBuffer;
  readonly slots: number;
  private readonly words: Int32Array;
  private readonly bytes: Buffer;

  constructor(slots: number, buffer = new SharedArrayBuffer(slots * RECORD_BYTES)) {
    this.slots = slots;
    this.buffer = buffer;
    this.words = new Int32Array(buffer);
    this.bytes = Buffer.from(buffer);
  }

  /** Front: from here until `publish` no reader trusts the slot. */
  withdraw(slot: number): void {
    const word = slot * RECORD_INTS + VERSION;
    Atomics.store(this.words, word, this.words[word]! | 1);
  }

  /** Front: gives a slot to an owner whose name is at most SLOT_NAME_MAX_BYTES long. */
  publish(slot: number, name: string): void {
    const word = slot * RECORD_INTS;
    const length = this.bytes.write(name, slot * RECORD_BYTES + 8, SLOT_NAME_MAX_BYTES, 'utf8');
    this.words[word + LENGTH] = length;
    Atomics.store(this.words, word + VERSION, (this.words[word + VERSION]! | 1) + 1);
  }

  /** Reader: the owner of a slot, or undefined where it has none or is changing hands. */
  read(slot: number): DirectoryEntry | undefined {
    const word = slot * RECORD_INTS;
    const version = Atomics.load(this.words, word + VERSION);
    if (version === 0 || version % 2 === 1) return undefined;
    const start = slot * RECORD_BYTES + 8;
    const name = this.bytes.toString('utf8', start, start + this.words[word + LENGTH]!);
    return this.unchanged(slot, version) ? { name, version } : undefined;
  }

  /** Reader: whether the slot still has the owner that was read. */
  unchanged(slot: number, version: number): boolean {
    return Atomics.load(this.words, slot * RECORD_INTS + VERSION) === version;
  }
}
