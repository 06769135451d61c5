/** Holds 64 checks with 600-byte bases and RSA-2048 signatures twice over. */
export const BATCH_BUFFER_BYTES = 131_072;
/** Of larger buffers that are kept, all together. */
const LARGE_KEPT_MAX_BYTES = 8_388_608;

/**
 * The buffers that batches travel in, kept between journeys. A batch with a larger body has a
 * buffer of a power of two, kept as well: made anew for each, 20 bodies of 1 MB a second had the
 * collector stop the front four times a second.
 */
export class BatchBuffers {
  private readonly free: ArrayBuffer[] = [];
  private readonly freeMax: () => number;
  /** By size. */
  private readonly large = new Map<number, ArrayBuffer[]>();
  private largeBytes = 0;

  /** @param freeMax how many of the usual size are kept; asked anew for each */
  constructor(freeMax: () => number) {
    this.freeMax = freeMax;
  }

  get freeCount(): number {
    return this.free.length;
  }

  take(bytes: number): ArrayBuffer {
    if (bytes > BATCH_BUFFER_BYTES) return this.takeLarge(2 ** Math.ceil(Math.log2(bytes)));
    return this.free.pop() ?? new ArrayBuffer(BATCH_BUFFER_BYTES);
  }

  /** Takes back a buffer that nobody reads any more. */
  release(buffer: ArrayBuffer): void {
    const { byteLength } = buffer;
    if (byteLength > BATCH_BUFFER_BYTES) return this.keepLarge(buffer);
    if (byteLength === BATCH_BUFFER_BYTES && this.free.length < this.freeMax()) {
      this.free.push(buffer);
    }
  }

  private takeLarge(bytes: number): ArrayBuffer {
    const buffer = this.large.get(bytes)?.pop();
    if (buffer === undefined) return new ArrayBuffer(bytes);
    this.largeBytes -= bytes;
    return buffer;
  }

  private keepLarge(buffer: ArrayBuffer): void {
    const { byteLength } = buffer;
    if (this.largeBytes + byteLength > LARGE_KEPT_MAX_BYTES) return;
    const same = this.large.get(byteLength);
    if (same === undefined) this.large.set(byteLength, [buffer]);
    else same.push(buffer);
    this.largeBytes += byteLength;
  }
}
