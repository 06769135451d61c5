/** The thread of the shelf: jobs come in, each is answered by its number. */
import { parentPort } from 'node:worker_threads';
import type { ShelfJob } from './jobs.ts';
import { runJob } from './run-job.ts';

const port = parentPort!;

port.on('message', async ({ number, job }: { number: number; job: ShelfJob }) => {
  try {
    port.postMessage({ number, result: await runJob(job) });
  } catch (error) {
    // A bug of ours, or a stack that ran out: the thread goes with whatever state it is in.
    port.postMessage({ number, failure: error instanceof Error ? error.stack : String(error) });
  }
});
