import { BatchReader } from './batch-codec.ts';
import type { KeyCache } from './key-cache.ts';
import { runCheck } from './run-check.ts';

/** In a progress cell: the batch has not been begun. */
export const NOT_BEGUN = -1;

/**
 * Runs every check of a batch and writes the results into it.
 *
 * Before each item its index goes to the batch's cell of `progress`, shared memory that outlives
 * this thread: when an item ends the thread or hangs it, the front knows which one it was.
 */
export function runBatch(
  buffer: ArrayBuffer,
  keys: KeyCache,
  progress: Int32Array,
  check: typeof runCheck = runCheck,
): ArrayBuffer {
  const batch = new BatchReader(buffer);
  let startMs = performance.now();
  for (let item = 0; item < batch.items; item++) {
    Atomics.store(progress, batch.progressCell, item);
    batch.next();
    const { serial, algorithm, material } = batch.key;
    const key = keys.get(serial, algorithm, material);
    const outcome =
      key === undefined
        ? 'failed'
        : check(key, batch.base, batch.signature, batch.digests, batch.body);
    const endMs = performance.now();
    batch.writeResult(item, outcome, (endMs - startMs) * 1_000);
    startMs = endMs;
  }
  return buffer;
}
