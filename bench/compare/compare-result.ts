/** What a comparison found, as `--json` writes it. */

import type { Environment } from '../rig/environment.ts';
import type { PercentilesMs } from '../rig/latency-histogram.ts';
import type { Spread } from './spread.ts';

export const METRICS = ['requestsPerSecond', 'cpuMicrosPerRequest', 'p99Ms'] as const;
export type Metric = (typeof METRICS)[number];

/** One case in one round. */
export interface RoundFigures extends Readonly<Record<Metric, number>> {
  /** From 1. */
  readonly round: number;
  readonly requests: number;
  /** Of the measured window; shorter than asked for where the signed requests were used up. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly maxMs: number;
  /** CPU of the upstream per request, which is the same work in every case. */
  readonly upstreamCpuMicrosPerRequest: number;
  /** Share of its core that the forwarder used; well below 1, the load was the limit. */
  readonly coreShare: number;
  /**
   * Share of the core's time that neither the forwarder nor idleness accounts for. 0.04 of it is
   * the hiccup meter, which is beside every forwarder.
   */
  readonly foreignShare: number;
  /** Share of the load's core that was busy; near 1, the load may have been the limit. */
  readonly loadCoreShare: number;
  /** Share of both cores' time that the hypervisor gave to others. */
  readonly stolenShare: number;
  /** Load average over one minute before it. */
  readonly loadAverage: number;
  /** How late an idle timer fired on the load's core. */
  readonly hiccup: PercentilesMs;
  /** The same on the forwarder's core, where it waits for the forwarder's own turns too. */
  readonly forwarderHiccup: PercentilesMs;
}

/** A round that does not count, and why. */
export interface VoidRound {
  readonly round: number;
  readonly reason: string;
}

/** The three figures are medians over the rounds; absent where every round is void. */
export interface CaseSummary extends Partial<Readonly<Record<Metric, number>>> {
  readonly name: string;
  readonly spread: Partial<Readonly<Record<Metric, Spread>>>;
  readonly rounds: readonly RoundFigures[];
  readonly voidRounds: readonly VoidRound[];
}

/** One case set against another: the ratio in each round, and the median of those ratios. */
export interface RatioSummary extends Spread {
  /** What is divided by what, such as `ours-forward / haproxy-forward`. */
  readonly name: string;
  readonly metric: Metric | 'requestsPerCpuSecond';
  /** Of either side, median over these rounds: what share of its core it used. */
  readonly coreShares: readonly [of: number, to: number];
}

export interface CompareResult {
  readonly name: 'compare';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly rounds: number;
  /** Of each measured window, and of the warm-up before it. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Made ahead for each fresh gateway. */
  readonly signedRequests: number;
  readonly seed: number;
  readonly cases: readonly CaseSummary[];
  readonly ratios: readonly RatioSummary[];
  /** Programs that are not installed; the cases that need them are absent. */
  readonly missing: readonly string[];
  readonly gateways: readonly MeasuredCheckout[];
  readonly environment: Environment;
  readonly commit: string;
}

/** A checkout whose gateway ran. */
export interface MeasuredCheckout {
  /** Of its cases: empty for this checkout, else `@` and a name. */
  readonly suffix: string;
  readonly commit: string;
  /** Its sources were edited during the run, so that rounds may be of different programs. */
  readonly changedMeanwhile: boolean;
}
