import type { Environment } from '../rig/environment.ts';

export interface IdempotencyBenchOptions {
  readonly connections: number;
  /** Calls due a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly seed: number;
  readonly fronts: number;
}

/** Signed POSTs with a key of its own each, or without one. */
export interface IdempotencyRun {
  readonly keyed: boolean;
  /** Answered by the upstream a second. */
  readonly answeredPerSecond: number;
  /** From when each was due. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Of the gateway's process, a call. */
  readonly cpuMicros: number;
  /** By code of the problem, or by how the connection was lost. */
  readonly errors: Readonly<Record<string, number>>;
  /** Why the generator, not the gateway, was the limit; empty where it was not. */
  readonly limited: readonly string[];
}

export interface IdempotencyResult {
  readonly name: 'idempotency';
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
  readonly options: IdempotencyBenchOptions;
  /** What a write of 4 KiB with fsync takes in the folder of the gateways' state, ms. */
  readonly fsync: { readonly p50Ms: number; readonly p99Ms: number };
  /** Without keys, with keys, with keys, without keys. */
  readonly runs: readonly IdempotencyRun[];
}

/** What is promised of calls with a key. */
export const ANSWERED_MIN_PER_SECOND = 5_000;
export const P99_MAX_MS = 50;
