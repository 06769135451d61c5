/** What a front sees of its pool. */
import type { CheckRunner } from '../../core/check.ts';
import type { ConversionRunner } from '../../core/conversion.ts';
import type { PoolReading } from '../../core/pool-reading.ts';
import type { PoolSettings } from '../../core/pool-settings.ts';
import type { CostKind } from './check-costs.ts';
import type { WorkerCpu } from './piscina-workers.ts';

export interface CheckCost {
  readonly kind: CostKind;
  /** Per check, or per KiB of body for a digest. */
  readonly micros: number;
}

export interface CheckPoolStats {
  /** Jobs in the lanes: checks and conversions. */
  readonly queueLength: number;
  /** Apps with a job in the lanes. */
  readonly lanes: number;
  /** Jobs admitted to the pool and not settled, those in the lanes included. */
  readonly checksInFlight: number;
  readonly batchesInFlight: number;
  /** Batches that wait to be run again. */
  readonly rerunsWaiting: number;
  readonly batches: number;
  /** `batchSizes[i]` batches had more than 2^(i-1) and at most 2^i checks. */
  readonly batchSizes: readonly number[];
  readonly buffersFree: number;
  /** Worker threads alive, those that start included. */
  readonly workers: number;
  /** Why a worker or a batch was lost last. */
  readonly lastWorkerError: string | undefined;
}

export interface CheckPool extends CheckRunner, ConversionRunner {
  /** Every worker has started; rejects when one cannot. */
  ready(): Promise<void>;
  /**
   * Takes effect at once, and for what waits already; work goes to workers as soon as there is one.
   * A worker that goes ends its batch first.
   */
  tune(settings: PoolSettings): void;
  /** Nothing that was admitted waits for its outcome. */
  drain(): Promise<void>;
  /** Refuses what comes, settles what was admitted, ends the workers. */
  close(): Promise<void>;
  stats(): CheckPoolStats;
  /** For operators; begins the next interval of the lanes. */
  read(): PoolReading;
  /** What was measured at start. */
  costs(): CheckCost[];
  /** CPU of each worker thread since it started; empty where checks run inline. */
  workerCpu(): Promise<WorkerCpu[]>;
}
