import type { Environment } from '../rig/environment.ts';

export interface OverloadBenchOptions {
  readonly connections: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Multiples of the capacity that are offered. */
  readonly factors: readonly number[];
  /** The rate at which looking for the capacity begins, a second. */
  readonly rateStart: number;
  readonly seed: number;
}

/** At one offered rate. */
export interface OverloadRun {
  readonly factor: number;
  /** Calls due a second. */
  readonly rate: number;
  /** Calls answered by the upstream a second, and as a share of the capacity. */
  readonly goodput: number;
  readonly ofCapacity: number;
  /** By code of the problem, or by how the connection was lost. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of what was answered, from when it was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the gateway, all it did divided by what it answered. */
  readonly cpuMicrosPerAnswer: number;
  /** Why the generator, not the gateway, was the limit; empty where it was not. */
  readonly limited: readonly string[];
}

export interface OverloadResult {
  readonly name: 'overload';
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
  readonly options: OverloadBenchOptions;
  /** Most calls a second that were answered with hardly any refused. */
  readonly capacity: number;
  readonly runs: readonly OverloadRun[];
  /** The highest factor with overload.delayTargetMs 0. */
  readonly withoutControl: OverloadRun;
}
