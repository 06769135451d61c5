/** The pool's task, with checks that do to their worker what their base says. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { KeyCache } from '../../src/data-plane/workers/key-cache.ts';
import { runBatch } from '../../src/data-plane/workers/run-batch.ts';
import { runCheck } from '../../src/data-plane/workers/run-check.ts';
import { serveBatches } from '../../src/data-plane/workers/serve-batches.ts';

if (process.env.XINGYUN_TEST_START === 'fail') throw new Error('this worker does not start');

const keys = new KeyCache();
const SLOW_MS = 20;

const check: typeof runCheck = (key, base, signature, digests, body) => {
  switch (Buffer.from(base).toString('latin1').split(' ')[0]) {
    case 'exit':
      return process.exit(3);
    case 'throw':
      throw new Error('poisoned');
    case 'hang':
      for (;;);
    case 'memory': {
      const hoard: number[][] = [];
      for (;;) hoard.push(new Array(10_000).fill(hoard.length));
    }
    case 'slow': {
      const untilMs = performance.now() + SLOW_MS;
      while (performance.now() < untilMs);
    }
  }
  return runCheck(key, base, signature, digests, body);
};

export default function verifyBatches(port: MessagePort): Promise<void> {
  return serveBatches(port, {
    checks: buffer => runBatch(buffer, keys, workerData.progress, check),
    mixed: () => Promise.reject(new Error('no conversions here')),
  });
}
