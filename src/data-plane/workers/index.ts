// Receives: one check at a time (a signature base, its signature and key, the digests of a body).
// Adds: the check's outcome with its wait and service time, from this thread or from a worker.
// May refuse with: the outcome verify-saturated, when the queue in front of the workers is full.
import { extname } from 'node:path';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import { usesWorkers, WORKERS_MAX } from '../../core/pool-settings.ts';
import { NO_PAYLOAD_KEYS, type PayloadKeySettings } from '../../payload/encryption/payload-keys.ts';
import { CheckCosts, measureCosts } from './check-costs.ts';
import { WorkerCheckPool } from './check-pool.ts';
import { PiscinaWorkers } from './piscina-workers.ts';
import type { CheckPool } from './pool-contract.ts';

export type { CheckPool } from './pool-contract.ts';

interface CheckPoolOptions {
  readonly config: Config['workers'];
  readonly counters: CounterSet;
  readonly clock?: Clock;
  /** Of payloads that conversions encrypt; none where absent. */
  readonly payloadKeys?: PayloadKeySettings;
  /** The module whose default export runs a batch, in place of ours. */
  readonly taskFile?: URL;
}

/** A checkout runs verify-task.ts as it is, a package the compiled verify-task.js. */
const TASK_FILE = new URL(`verify-task${extname(import.meta.url)}`, import.meta.url);

/**
 * Starts the workers of one front thread and measures what checks cost, which takes 10 to 40 ms.
 * The pool takes checks at once; they wait until the workers are there, so await `ready` first.
 */
export function createCheckPool(options: CheckPoolOptions): CheckPool {
  const { config, counters, clock = systemClock, taskFile = TASK_FILE } = options;
  const { payloadKeys = NO_PAYLOAD_KEYS } = options;
  const progress = new Int32Array(new SharedArrayBuffer(WORKERS_MAX * 4));
  const count = usesWorkers(config) ? config.count : 0;
  const workers = new PiscinaWorkers(taskFile, count, { progress, payloadKeys });
  const costs = new CheckCosts(measureCosts());
  return new WorkerCheckPool({ config, counters, clock, costs, progress, workers, payloadKeys });
}
