import type { Environment } from '../rig/environment.ts';
import type { PercentilesMs } from '../rig/latency-histogram.ts';

export interface ChaosOptions {
  readonly seconds: number;
  /** Between the beginnings of two faults. */
  readonly faultEverySeconds: number;
  /** Calls a second, Poisson. */
  readonly rate: number;
  /** Connections of the callers at most. */
  readonly connections: number;
  readonly fronts: number;
  readonly seed: number;
}

/** One that was done, in seconds since the measured time began. */
export interface FaultRecord {
  readonly name: string;
  readonly fromSecond: number;
  readonly toSecond: number;
  /** Whether callers lost connections by it. */
  readonly cuts: boolean;
}

/** By the second in which a call was due. */
export interface ChaosTimeline {
  readonly due: readonly number[];
  readonly answered: readonly number[];
  readonly refused: readonly number[];
  readonly cut: readonly number[];
  readonly unaccounted: readonly number[];
  /** Of the answered, from when they were due; NaN (null in JSON) where there is none. */
  readonly p50Ms: readonly number[];
  readonly p99Ms: readonly number[];
  readonly maxMs: readonly number[];
}

export interface ChaosResult {
  readonly name: 'chaos';
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
  readonly options: ChaosOptions;
  readonly requests: number;
  /** With the upstream's own answer to that very call. */
  readonly answered: number;
  /** By code of the problem, or as a failure of the upstream's own. */
  readonly refused: Readonly<Record<string, number>>;
  /** Connections lost or refused with a killed gateway, and answers that broke off. */
  readonly cut: number;
  /** By what happened: none of the above. */
  readonly unaccounted: Readonly<Record<string, number>>;
  /** Calls that took effect at the upstream more than once though they were sent once. */
  readonly repeatedEffects: number;
  readonly latencyMs: PercentilesMs;
  readonly faults: readonly FaultRecord[];
  readonly timeline: ChaosTimeline;
}
