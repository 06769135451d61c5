/** What a Piscina worker runs: batch after batch over one port. It keeps keys and programs. */
import { flushCompileCache } from 'node:module';
import { type MessagePort, workerData } from 'node:worker_threads';
import { KeyCache } from './key-cache.ts';
import { ProgramShelf } from './program-shelf.ts';
import { runBatch, runMixedBatch } from './run-batch.ts';
import { serveBatches } from './serve-batches.ts';
import { tellLoop } from './tell-loop.ts';

flushCompileCache();

const keys = new KeyCache();
const shelf = new ProgramShelf(workerData.payloadKeys);
const progress: Int32Array = workerData.progress;

export default function runBatches(port: MessagePort): Promise<void> {
  tellLoop(port);
  return serveBatches(port, {
    checks: buffer => runBatch(buffer, keys, progress),
    mixed: batch => runMixedBatch(batch, keys, shelf, progress),
  });
}
