import { EMPTY_BODY } from './exchange.ts';

/** First room for a body whose length is not announced; it doubles as the body grows. */
const GROWTH_INITIAL_BYTES = 4_096;

/** A body gathered from chunks whose bytes are used again, in a buffer of its own. */
export class CollectedBody {
  private readonly maxBytes: number;
  private readonly announcedBytes: number;
  private room: Uint8Array | undefined;
  private bytes = 0;
  private tooLong = false;

  /** `announcedBytes` is undefined where the length is not known. */
  constructor(announcedBytes: number | undefined, maxBytes: number) {
    this.maxBytes = maxBytes;
    this.tooLong = announcedBytes !== undefined && announcedBytes > maxBytes;
    this.announcedBytes = announcedBytes ?? GROWTH_INITIAL_BYTES;
  }

  get isTooLong(): boolean {
    return this.tooLong;
  }

  get length(): number {
    return this.bytes;
  }

  add(chunk: Uint8Array): void {
    const length = this.bytes + chunk.length;
    if (length > this.maxBytes) {
      this.tooLong = true;
      return;
    }
    const room = this.roomFor(length);
    room.set(chunk, this.bytes);
    this.bytes = length;
  }

  /** All of it with what came last; undefined where that is too long. */
  takeWith(lastChunk: Uint8Array | undefined): Uint8Array | undefined {
    // What comes in one piece, as nearly every answer does, needs no room of its own.
    if (this.room === undefined && lastChunk !== undefined && lastChunk.length <= this.maxBytes) {
      return Buffer.from(lastChunk);
    }
    if (lastChunk !== undefined) this.add(lastChunk);
    if (this.tooLong) return undefined;
    const { room = EMPTY_BODY, bytes } = this;
    return bytes === room.length ? room : room.slice(0, bytes);
  }

  private roomFor(length: number): Uint8Array {
    const { room } = this;
    if (room !== undefined && length <= room.length) return room;
    const wanted = room === undefined ? this.announcedBytes : 2 * room.length;
    const larger = new Uint8Array(Math.max(length, wanted));
    if (room !== undefined) larger.set(room);
    this.room = larger;
    return larger;
  }
}
