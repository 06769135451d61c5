/** First room for a body whose length is not announced; it doubles as the body grows. */
const GROWTH_INITIAL_BYTES = 4_096;

/** A body gathered from chunks whose bytes are used again, in a buffer of its own. */
export class CollectedBody {
  private readonly maxBytes: number;
  private room: Uint8Array;
  private bytes = 0;
  private tooLong = false;

  /** `announcedBytes` is undefined where the length is not known. */
  constructor(announcedBytes: number | undefined, maxBytes: number) {
    this.maxBytes = maxBytes;
    this.tooLong = announcedBytes !== undefined && announcedBytes > maxBytes;
    this.room = new Uint8Array(this.tooLong ? 0 : (announcedBytes ?? GROWTH_INITIAL_BYTES));
  }

  get isTooLong(): boolean {
    return this.tooLong;
  }

  add(chunk: Uint8Array): void {
    const length = this.bytes + chunk.length;
    if (length > this.maxBytes) {
      this.tooLong = true;
      return;
    }
    if (length > this.room.length) this.grow(length);
    this.room.set(chunk, this.bytes);
    this.bytes = length;
  }

  take(): Uint8Array {
    const { room, bytes } = this;
    return bytes === room.length ? room : room.slice(0, bytes);
  }

  private grow(length: number): void {
    const larger = new Uint8Array(Math.max(length, 2 * this.room.length));
    larger.set(this.room);
    this.room = larger;
  }
}
