import type { LoadShape } from '../load/load-shape.ts';
import type { Environment } from '../rig/environment.ts';

/** What a rate must keep to be one that the gateway carries. */
export const LIMITS = { p99Ms: 50, p999Ms: 100 } as const;

/**
 * `undecided`: the limits were not kept, but the generator was late or short of CPU itself, so that
 * it may have been the one that did not keep them. A pass needs no such care: lag only adds to it.
 */
export type Verdict = 'passed' | 'failed' | 'undecided';

/** One short open-loop run. Milliseconds. */
export interface Probe {
  readonly rate: number;
  readonly seed: number;
  readonly verdict: Verdict;
  readonly achievedRate: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly missedSends: number;
  readonly lagP99: number;
  /** How late an idle timer beside the gateway fired. */
  readonly hiccupP99: number;
  readonly hiccupMax: number;
  readonly generatorCpuShare: number;
}

export interface MaxOptions extends LoadShape {
  readonly lowRate: number;
  readonly highRate: number;
  /** The search ends when its ends are closer than this share of the upper one. */
  readonly resolution: number;
  /** Times that a rate must pass, each with a seed of its own. */
  readonly repeats: number;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
}

/** The answer lies between the two rates. */
export interface RateInterval {
  /** The highest rate that passed each of its repeats; 0 where not even the lowest rate did. */
  readonly passedAll: number;
  /** The lowest rate above it that did not pass; undefined where the highest rate passed. */
  readonly notPassed: number | undefined;
  /** Of that lowest rate: `undecided` says that the generator may have been the limit. */
  readonly upperVerdict: Verdict;
  /** Runs at or below `passedAll` that did not pass; what the machine did is in `probes`. */
  readonly failuresBelow: number;
}

export interface MaxResult extends MaxOptions, RateInterval {
  readonly name: 'max';
  readonly startedAt: string;
  readonly limits: typeof LIMITS;
  readonly probes: readonly Probe[];
  readonly environment: Environment;
  readonly commit: string;
}
