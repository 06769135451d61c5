import { BatchReader, outputsStart } from './batch-codec.ts';
import { type Output, writeOutputs } from './conversion-codec.ts';
import type { KeyCache } from './key-cache.ts';
import type { ProgramShelf } from './program-shelf.ts';
import { atItem } from './progress-cell.ts';
import { runCheck } from './run-check.ts';
import { runConversion } from './run-conversion.ts';
import type { MixedBatch, ReturnedBatch } from './worker-messages.ts';

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
  let told = batch.progressStart;
  let startMs = performance.now();
  for (let item = 0; item < batch.items; item++) {
    told = tell(batch, progress, told, item);
    batch.next();
    const outcome = checkItem(batch, keys, check);
    const endMs = performance.now();
    batch.writeResult(item, outcome, (endMs - startMs) * 1_000);
    startMs = endMs;
  }
  return buffer;
}

/** The same for a batch with conversions, some of which may wait for themselves. */
export async function runMixedBatch(
  { buffer, attachments, added, dropped }: MixedBatch,
  keys: KeyCache,
  shelf: ProgramShelf,
  progress: Int32Array,
): Promise<ReturnedBatch> {
  shelf.take(added, dropped);
  const batch = new BatchReader(buffer, attachments);
  const outputs: Output[] = [];
  let told = batch.progressStart;
  for (let item = 0; item < batch.items; item++) {
    told = tell(batch, progress, told, item);
    const startMs = performance.now();
    batch.next();
    const { conversion } = batch;
    if (conversion === undefined) {
      const outcome = checkItem(batch, keys, runCheck);
      batch.writeResult(item, outcome, (performance.now() - startMs) * 1_000);
      continue;
    }
    const { outcome, output } = await runConversion(conversion, shelf);
    outputs.push(apart(output, buffer));
    batch.writeConverted(item, outcome, (performance.now() - startMs) * 1_000);
  }
  const own = writeOutputs(outputs, buffer, outputsStart(batch.items));
  return own === undefined ? buffer : { buffer, outputs: own };
}

/** Outputs are written where the items were: one that is its own input must not lie there. */
function apart(output: Output, buffer: ArrayBuffer): Output {
  const { fields, bytes } = output;
  return bytes.buffer === buffer ? { fields, bytes: Buffer.from(bytes) } : output;
}

/** What the batch's cell holds then. */
function tell(batch: BatchReader, progress: Int32Array, told: number, item: number): number {
  const next = atItem(batch.progressStart, item);
  Atomics.compareExchange(progress, batch.progressCell, told, next);
  return next;
}

function checkItem(batch: BatchReader, keys: KeyCache, check: typeof runCheck) {
  const { serial, algorithm, material } = batch.key;
  const key = keys.get(serial, algorithm, material);
  if (key === undefined) return 'failed';
  return check(key, batch.signed, batch.signature, batch.digests, batch.body);
}
