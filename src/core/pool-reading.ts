/** What a front tells of its pool once a second; sums count from the front's start. */
import type { WorkKind } from './pool-settings.ts';

/** Lanes that are told of: those with most work before the workers and behind them. */
export const LANES_TOLD_MAX = 12;

export interface LaneReading {
  readonly app: string;
  /** Jobs that wait. */
  readonly waiting: number;
  /** Estimated work that went to workers since the reading before. */
  readonly takenMicros: number;
}

export interface KindReading {
  readonly kind: WorkKind;
  /** Of one check as measured at start, RSA with a key of 2048 bits; 0 where it depends. */
  readonly micros: number;
  readonly runs: 'inline' | 'pool';
  /** Checks that came, refused ones included; 0 of conversions. */
  readonly asked: number;
}

export interface PoolReading {
  readonly workers: number;
  readonly queueLength: number;
  readonly batches: number;
  /** `batchSizes[i]` batches had more than 2^(i-1) and at most 2^i jobs. */
  readonly batchSizes: readonly number[];
  /** Jobs that went through the queue, and what they spent there and with workers, milliseconds. */
  readonly jobs: number;
  readonly waitMs: number;
  readonly serviceMs: number;
  readonly lanes: readonly LaneReading[];
  readonly kinds: readonly KindReading[];
}
