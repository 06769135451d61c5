/** What a Piscina worker runs: one batch in, the same buffer out. It keeps keys, nothing else. */
import { workerData } from 'node:worker_threads';
import { move } from 'piscina';
import { KeyCache } from './key-cache.ts';
import { runBatch } from './run-batch.ts';

const keys = new KeyCache();
const progress: Int32Array = workerData.progress;

export default function verifyBatch(buffer: ArrayBuffer) {
  return move(runBatch(buffer, keys, progress));
}
