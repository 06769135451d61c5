import type { Environment } from '../rig/environment.ts';

/** Where is counted: `host` is memory that its fronts share, `redis` a server of the benchmark. */
export type LimitsStore = 'host' | 'redis';

/** Gateways that count together. */
export interface LimitsSetup {
  readonly store: LimitsStore;
  /** Of each process. */
  readonly fronts: number;
  readonly processes: number;
}

export interface LimitsOptions {
  readonly setups: readonly LimitsSetup[];
  /** Multiples of the limit that are offered. */
  readonly loads: readonly number[];
  readonly perSecond: number;
  readonly burst: number;
  readonly connections: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface LimitsRow extends LimitsSetup {
  readonly load: number;
  readonly offered: number;
  /** What one GCRA takes of the same arrivals. */
  readonly allowed: number;
  readonly admitted: number;
  /** Of windows of one second: the furthest that admitted is from allowed, as a share of it. */
  readonly worstWindowOver: number;
  readonly worstWindowUnder: number;
  /** Answers that were neither. */
  readonly errors: Readonly<Record<string, number>>;
}

export interface LimitsResult {
  readonly name: 'limits';
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
  readonly options: LimitsOptions;
  readonly rows: readonly LimitsRow[];
}
