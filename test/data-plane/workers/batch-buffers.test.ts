import { describe, expect, it } from 'vitest';
import { BATCH_BUFFER_BYTES, BatchBuffers } from '../../../src/data-plane/workers/batch-buffers.ts';

const MEGABYTE = 1_048_576;

describe('buffers of batches', () => {
  it('of the standard size are kept, as many as there may be', () => {
    const buffers = new BatchBuffers(() => 1);
    const [one, two] = [buffers.take(1), buffers.take(BATCH_BUFFER_BYTES)];
    buffers.release(one);
    buffers.release(two);
    expect([buffers.freeCount, buffers.take(7)]).toEqual([1, one]);
  });

  it('that are larger have a power of two, and serve whatever fits', () => {
    const buffers = new BatchBuffers(() => 1);
    const large = buffers.take(MEGABYTE + 700);
    expect(large.byteLength).toBe(2 * MEGABYTE);
    expect(buffers.take(BATCH_BUFFER_BYTES + 1).byteLength).toBe(2 * BATCH_BUFFER_BYTES);
    expect(buffers.take(MEGABYTE).byteLength).toBe(MEGABYTE);
    buffers.release(large);
    expect(buffers.take(2 * MEGABYTE)).toBe(large);
    expect(buffers.take(2 * MEGABYTE)).not.toBe(large);
  });

  it('that are larger are kept up to 8 MB', () => {
    const buffers = new BatchBuffers(() => 1);
    const taken = Array.from({ length: 5 }, () => buffers.take(2 * MEGABYTE));
    for (const buffer of taken) buffers.release(buffer);
    const again = Array.from({ length: 5 }, () => buffers.take(2 * MEGABYTE));
    expect(again.filter(buffer => taken.includes(buffer))).toHaveLength(4);
  });
});
