/** What bench:sessions found, as `--json` writes it. */
import type { Spread } from '../compare/spread.ts';
import type { Environment } from '../rig/environment.ts';
import type { PercentilesMs } from '../rig/latency-histogram.ts';

export interface SessionsOptions {
  readonly rounds: number;
  /** Of each measured window, and of the warm-up before it. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
  /** Of the order of the cases and of the arrivals. */
  readonly seed: number;
  /** As in LoadOptions. */
  readonly pipelined: boolean;
  /** Calls a second of every case; where undefined, more than one core carries. */
  readonly rate: number | undefined;
  /** Names of the cases that ran; all where empty. */
  readonly only: readonly string[];
}

/** One case in one round. */
export interface SessionRound {
  /** From 1. */
  readonly round: number;
  /** Good answers in the window, and what of the gateway's CPU each took; all threads. */
  readonly requestsPerSecond: number;
  readonly cpuMicrosPerRequest: number;
  readonly cpuByThread: Readonly<Record<string, number>>;
  readonly upstreamCpuMicrosPerRequest: number;
  readonly generatorCpuMicrosPerRequest: number;
  /** Share of its core that the gateway used; well below 1, the load was the limit. */
  readonly coreShare: number;
  readonly generatorShare: number;
  readonly othersShare: number;
  readonly gatewaySideHiccup: PercentilesMs;
  readonly generatorHiccup: PercentilesMs;
}

/** A round that does not count, and why. */
export interface VoidSessionRound {
  readonly round: number;
  readonly reason: string;
}

/** Medians over the rounds; absent where every round is void. */
export interface SessionCaseSummary {
  readonly name: string;
  readonly requestsPerSecond?: number;
  readonly cpuMicrosPerRequest?: number;
  readonly rounds: readonly SessionRound[];
  readonly voidRounds: readonly VoidSessionRound[];
}

/** CPU per call, one case by the other, in each round; then the median of those ratios. */
export interface SessionRatioSummary extends Spread {
  /** `ws-json-get / http-signed-get`. */
  readonly name: string;
  /** Of either side, median: what share of its core it used. */
  readonly coreShares: readonly [of: number, to: number];
}

export interface SessionsResult extends SessionsOptions {
  readonly name: 'sessions';
  /** ISO 8601. */
  readonly startedAt: string;
  readonly cases: readonly SessionCaseSummary[];
  readonly ratios: readonly SessionRatioSummary[];
  readonly environment: Environment;
  readonly commit: string;
}
