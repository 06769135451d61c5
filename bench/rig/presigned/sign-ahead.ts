/**
 * Signs many requests in parallel threads before a run: an RSA-2048 signature costs 0.5 to 0.7 ms
 * of CPU, which a generator that shares two cores with the gateway cannot spend while it sends.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { benchKey } from '../bench-folder.ts';
import { Progress } from '../progress.ts';
import { SIGNATURE_BYTES, type SignedShape } from './signed-request.ts';

/** What each signing thread gets; threads take chunks by a shared counter. */
export interface SigningWork {
  readonly shape: SignedShape;
  readonly privateText: string;
  readonly firstNumber: number;
  readonly count: number;
  /** `count` signatures of SIGNATURE_BYTES each. */
  readonly signatures: SharedArrayBuffer;
  /** Two 32-bit cells: the next number to take, and how many are signed. */
  readonly cells: SharedArrayBuffer;
}

export const NEXT_CELL = 0;
export const DONE_CELL = 1;

const PROGRESS_INTERVAL_MS = 250;

export interface SigningExtras {
  readonly progress?: Progress;
  /** Ends the threads when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The signatures of requests `firstNumber` to `firstNumber + count - 1`, side by side.
 * @throws the signal's reason where it aborts before all are there
 */
export async function signAhead(
  shape: SignedShape,
  firstNumber: number,
  count: number,
  { progress = new Progress(), signal }: SigningExtras = {},
): Promise<Buffer> {
  signal?.throwIfAborted();
  const work: SigningWork = {
    shape,
    privateText: benchKey(shape.key).privateText,
    firstNumber,
    count,
    signatures: new SharedArrayBuffer(count * SIGNATURE_BYTES[shape.key]),
    cells: new SharedArrayBuffer(8),
  };
  const cells = new Int32Array(work.cells);
  const timer = setInterval(() => {
    progress.showShare('signing requests ahead', Atomics.load(cells, DONE_CELL), count);
  }, PROGRESS_INTERVAL_MS);
  const workers = Array.from({ length: availableParallelism() }, () => startWorker(work));
  const endAll = () => {
    for (const { worker } of workers) void worker.terminate();
  };
  signal?.addEventListener('abort', endAll);
  try {
    await Promise.all(workers.map(({ ended }) => ended));
  } finally {
    clearInterval(timer);
    progress.end();
    endAll();
    signal?.removeEventListener('abort', endAll);
  }
  signal?.throwIfAborted();
  return Buffer.from(work.signatures);
}

function startWorker(workerData: SigningWork): { worker: Worker; ended: Promise<void> } {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const worker = new Worker(new URL('sign-worker.ts', import.meta.url), { workerData });
  worker.once('error', reject);
  worker.once('exit', () => resolve());
  return { worker, ended };
}
