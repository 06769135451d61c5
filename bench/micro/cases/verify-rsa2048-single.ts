import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { CheckOutcome } from '../../../src/core/check.ts';
import type { BenchCase } from '../bench-case.ts';
import { OUTSTANDING, prepareChecks, WORKERS } from '../verify-case.ts';

/** The same checks as one Piscina task each: what batches save. */
export default {
  name: 'verify-rsa2048-single',
  async setup() {
    const piscina = new Piscina({
      filename: fileURLToPath(new URL('../single-task.ts', import.meta.url)),
      minThreads: WORKERS.count,
      maxThreads: WORKERS.count,
      concurrentTasksPerWorker: 1,
      maxQueue: OUTSTANDING,
      atomics: 'async',
      recordTiming: false,
    });
    const prepared = await prepareChecks('rsa-v1_5-sha256', check => {
      const { entry, base, signature } = check;
      const task: Promise<CheckOutcome> = piscina.run({ entry, base, signature });
      task.then(
        outcome => check.settle(outcome),
        () => check.settle('failed'),
      );
      return undefined;
    });
    return { ...prepared, close: () => piscina.destroy() };
  },
} satisfies BenchCase;
