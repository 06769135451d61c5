/**
 * Loaded into every thread of a gateway by `--import`: makes it suffer on SIGUSR2 as WOUND says,
 * without a hook in the gateway's own code.
 */
import { writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread, threadName, workerData } from 'node:worker_threads';

const channel = new BroadcastChannel('wound');
// Listening must not keep a thread alive.
channel.unref();

const isFront = threadName?.startsWith('front-') === true;
/** Piscina gives its own no name. */
const isPoolWorker = threadName === 'WorkerThread' && workerData !== null;

const WOUNDS: Record<string, () => void> = {
  'front-throws': () => {
    if (isFront) throw new Error('a bug in a front thread');
  },
  'front-rejects': () => {
    if (isFront) void Promise.reject(new Error('a bug in a front thread'));
  },
  'worker-exits': () => {
    if (!isPoolWorker) return;
    // What goes through the main thread would be lost.
    writeSync(2, 'a pool worker exits\n');
    process.exit(1);
  },
  /** No wound: what is left afterwards is held by something. */
  collects: () => {
    collect();
    if (!isFront) return;
    const { heapUsed, external } = process.memoryUsage();
    process.stderr.write(`${threadName} holds ${heapUsed + external} bytes\n`);
  },
};

/** Twice: what only finalizers let go goes with the second. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
  gc();
}

if (isMainThread) {
  process.on('SIGUSR2', () => {
    if (process.env.WOUND === 'collects') collect();
    channel.postMessage(process.env.WOUND);
  });
} else channel.onmessage = message => WOUNDS[(message as { data: string }).data]?.();
