/** What of a front's worker pool may be changed while traffic flows. */
import { SIGNATURE_ALGORITHMS } from './snapshot.ts';

export const PLACEMENTS = ['auto', 'inline', 'pool'] as const;
export type Placement = (typeof PLACEMENTS)[number];

/** Checks by their algorithm, and payloads that are converted. */
export const WORK_KINDS = [...SIGNATURE_ALGORITHMS, 'conversion'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

export const WORKERS_MAX = 64;
export const BATCH_JOBS_MAX = 1_024;
export const QUEUE_JOBS_MAX = 1_000_000;

export interface PoolSettings {
  /** Worker threads. */
  readonly count: number;
  /** Jobs in one batch. */
  readonly batchMax: number;
  /** Jobs that wait for a worker. */
  readonly queueMax: number;
  readonly placement: Placement;
  /** Of kinds that are not where `placement` has them. */
  readonly placements: { readonly [kind in WorkKind]?: Placement };
}

export function poolSettings(workers: PoolSettings): PoolSettings {
  const { count, batchMax, queueMax, placement, placements } = workers;
  return { count, batchMax, queueMax, placement, placements };
}

/** Whether any work goes to a worker. */
export function usesWorkers({ placement, placements }: PoolSettings): boolean {
  return WORK_KINDS.some(kind => (placements[kind] ?? placement) !== 'inline');
}
