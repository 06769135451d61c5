/** What a Piscina worker runs: batch after batch over one port. It keeps keys, nothing else. */
import { flushCompileCache } from 'node:module';
import { type MessagePort, workerData } from 'node:worker_threads';
import { KeyCache } from './key-cache.ts';
import { runBatch } from './run-batch.ts';
import { serveBatches } from './serve-batches.ts';

flushCompileCache();

const keys = new KeyCache();
const progress: Int32Array = workerData.progress;

export default function verifyBatches(port: MessagePort): Promise<void> {
  return serveBatches(port, buffer => runBatch(buffer, keys, progress));
}
