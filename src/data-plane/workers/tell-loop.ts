import { getHeapStatistics } from 'node:v8';
import { type MessagePort, threadId } from 'node:worker_threads';
import { LoopDelay } from '../../core/loop-delay.ts';
import type { WorkerNews } from './worker-messages.ts';

const INTERVAL_MS = 1_000;

/** Tells the front once a second how late this worker's loop was and what its heap holds. */
export function tellLoop(port: MessagePort): void {
  const delay = new LoopDelay();
  const timer = setInterval(() => {
    const heap = getHeapStatistics();
    const loop = {
      ...{ threadId, ...delay.read() },
      heapUsedBytes: heap.used_heap_size,
      heapTotalBytes: heap.total_heap_size,
      externalBytes: heap.external_memory,
    };
    port.postMessage({ loop } satisfies WorkerNews);
  }, INTERVAL_MS).unref();
  port.on('close', () => {
    clearInterval(timer);
    delay.stop();
  });
}
