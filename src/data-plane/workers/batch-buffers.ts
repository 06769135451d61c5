/** Holds 64 checks with 600-byte bases and RSA-2048 signatures twice over. */
export const BATCH_BUFFER_BYTES = 131_072;

/**
 * The buffers that batches travel in, kept between journeys. Only the standard size is kept; a
 * batch with a larger body has a buffer of its own that goes with it.
 */
export class BatchBuffers {
  private readonly free: ArrayBuffer[] = [];
  private readonly freeMax: number;

  constructor(freeMax: number) {
    this.freeMax = freeMax;
  }

  get freeCount(): number {
    return this.free.length;
  }

  take(bytes: number): ArrayBuffer {
    if (bytes > BATCH_BUFFER_BYTES) return new ArrayBuffer(bytes);
    return this.free.pop() ?? new ArrayBuffer(BATCH_BUFFER_BYTES);
  }

  /** Takes back a buffer that nobody reads any more. */
  release(buffer: ArrayBuffer): void {
    if (buffer.byteLength === BATCH_BUFFER_BYTES && this.free.length < this.freeMax) {
      this.free.push(buffer);
    }
  }
}
