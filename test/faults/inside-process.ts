/**
 * Loaded into every thread of a gateway by `--import`: makes it suffer on SIGUSR2 as WOUND says,
 * without a hook in the gateway's own code.
 */
import { BroadcastChannel, isMainThread, threadName, workerData } from 'node:worker_threads';

const channel = new BroadcastChannel('wound');
// Listening must not keep a thread alive.
channel.unref();

const isFront = threadName?.startsWith('front-') === true;
const isPoolWorker = !isMainThread && !isFront && workerData !== null;

const WOUNDS: Record<string, () => void> = {
  'front-throws': () => {
    if (isFront) throw new Error('a bug in a front thread');
  },
  'front-rejects': () => {
    if (isFront) void Promise.reject(new Error('a bug in a front thread'));
  },
  'worker-exits': () => {
    if (isPoolWorker) process.exit(1);
  },
};

if (isMainThread) process.on('SIGUSR2', () => channel.postMessage(process.env.WOUND));
else channel.onmessage = message => WOUNDS[(message as { data: string }).data]?.();
