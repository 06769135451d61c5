/** A change that this page made, with what it did to the traffic. */
import type { DistributionAnswer, LiveFrame } from '../../../../telemetry/live-frame.ts';
import type { ApiClient } from '../api/api-client.ts';
import { ApiRefusal } from '../api/api-client.ts';

/** Before the change, and after it. */
export const COMPARED_MS = 10_000;
const SLICE_MS = 1_000;
export const CHANGES_KEPT_MAX = 20;

/** A change that is not made yet; whoever makes it gives a reason. */
export interface PlannedChange {
  readonly title: string;
  readonly lines: readonly { name: string; from: string; to: string }[];
  readonly apply: (reason: string) => Promise<unknown>;
  /** What takes it back; absent where nothing does. */
  readonly inverse?: PlannedChange;
}

export interface KeyFigures {
  readonly perSecond: number;
  readonly goodPerSecond: number;
  readonly refusedPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** Of a job in the pools' queues; null where none went there. */
  readonly meanWait: number | null;
  readonly meanService: number | null;
  /** Of all fronts and workers, in cores. */
  readonly cores: number | null;
}

export interface MadeChange {
  readonly id: number;
  readonly plan: PlannedChange;
  readonly reason: string;
  readonly atMs: number;
  readonly before: KeyFigures | ApiRefusal;
  /** Undefined while its time is not over. */
  readonly after: KeyFigures | ApiRefusal | undefined;
  readonly isReverted: boolean;
}

/** Percentiles come from the histogram of the whole span; means of the pools from the frames. */
export async function readKeyFigures(
  api: ApiClient,
  frames: readonly LiveFrame[],
  fromMs: number,
  toMs: number,
): Promise<KeyFigures | ApiRefusal> {
  try {
    const path = `/v1/distribution?fromMs=${fromMs}&toMs=${toMs}`;
    const { traffic } = await api.get<DistributionAnswer>(path);
    const within = frames.filter(
      frame => frame.traffic.toMs > fromMs && frame.traffic.toMs <= toMs,
    );
    return keyFigures(traffic, within);
  } catch (error) {
    if (error instanceof ApiRefusal) return error;
    throw error;
  }
}

/** Slices are whole seconds. */
export function sliceStart(atMs: number): number {
  return Math.floor(atMs / SLICE_MS) * SLICE_MS;
}

function keyFigures(
  traffic: DistributionAnswer['traffic'],
  frames: readonly LiveFrame[],
): KeyFigures {
  const seconds = Math.max(0.001, (traffic.toMs - traffic.fromMs) / 1_000);
  const { p50, p99, p999, max } = traffic.latency;
  let jobs = 0;
  let wait = 0;
  let service = 0;
  let cores = 0;
  for (const { pools, threads } of frames) {
    for (const pool of pools) {
      jobs += pool.jobs;
      wait += pool.meanWait * pool.jobs;
      service += pool.meanService * pool.jobs;
    }
    for (const { kind, cpu } of threads) if (kind !== 'main') cores += cpu;
  }
  return {
    perSecond: traffic.exchanges / seconds,
    goodPerSecond: traffic.good / seconds,
    refusedPerSecond: sum(Object.values(traffic.problems)) / seconds,
    ...{ p50, p99, p999, max },
    meanWait: jobs === 0 ? null : wait / jobs,
    meanService: jobs === 0 ? null : service / jobs,
    cores: frames.length === 0 ? null : cores / frames.length,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
