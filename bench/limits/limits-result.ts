import type { Environment } from '../rig/environment.ts';

export interface LimitsOptions {
  readonly fronts: readonly number[];
  /** Multiples of the limit that are offered. */
  readonly loads: readonly number[];
  readonly perSecond: number;
  readonly burst: number;
  readonly connections: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface LimitsRow {
  readonly fronts: number;
  readonly processes: number;
  /** Where is counted: `host` is memory that its fronts share. */
  readonly store: 'host';
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
