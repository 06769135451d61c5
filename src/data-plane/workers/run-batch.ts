import { BatchReader } from './batch-codec.ts';
import type { KeyCache } from './key-cache.ts';
import { atItem } from './progress-cell.ts';
import { runCheck } from './run-check.ts';

/**
 * Runs every check of a batch and writes the results into it.
 *
 * Before each item its index goes to the batch's cell of `progress`, shared memory that outlives
 * this thread: when an item ends the thread or hangs it, the front knows which one it was. Once the
 * cell serves another batch this thread has been given up and leaves the cell alone.
 */
export function runBatch(
  buffer: ArrayBuffer,
  keys: KeyCache,
  progress: Int32Array,
  check: typeof runCheck = runCheck,
): ArrayBuffer {
  const batch = new BatchReader(buffer);
  const { progressCell, progressStart } = batch;
  let told = progressStart;
  let startMs = performance.now();
  for (let item = 0; item < batch.items; item++) {
    const next = atItem(progressStart, item);
    Atomics.compareExchange(progress, progressCell, told, next);
    told = next;
    batch.next();
    const { serial, algorithm, material } = batch.key;
    const key = keys.get(serial, algorithm, material);
    const outcome =
      key === undefined
        ? 'failed'
        : check(key, batch.signed, batch.signature, batch.digests, batch.body);
    const endMs = performance.now();
    batch.writeResult(item, outcome, (endMs - startMs) * 1_000);
    startMs = endMs;
  }
  return buffer;
}
