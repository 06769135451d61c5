/**
 * What to expect of a host at a rate of calls: how busy its threads are, and the p99. The model is
 * that of docs/planning.md; `npm run bench:plan` holds it against measurements.
 */
import type { Mix, MixKind } from './mix.ts';

/** What calls cost on a host, microseconds of one core. */
export interface HostCosts {
  /** Of the front thread for a call, when it always has something to do. */
  readonly frontMicros: number;
  /** More for a call that comes alone: threads wake up to it, and its batch has nothing else. */
  readonly aloneFrontMicros: number;
  readonly aloneWorkerMicros: number;
  /** More of the front for a call that goes on by itself, as no worker's batch settles it. */
  readonly inlineFrontMicros: number;
  /** In place of `aloneFrontMicros` for such a call: the front wakes up twice to it, not thrice. */
  readonly aloneInlineFrontMicros: number;
  /** A call that comes so long after the one before comes alone. */
  readonly aloneAfterMs: number;
  /** Of a worker for a batch on its way there and back. */
  readonly hopWorkerMicros: number;
  /** Of a worker for each check besides the check. */
  readonly jobMicros: number;
  readonly checkMicros: Readonly<Record<MixKind, number>>;
  /** Checks that cost no more run on the front. */
  readonly inlineMaxMicros: number;
  /** The p99 of a call on a host that has nothing else to do, milliseconds. */
  readonly idleP99Ms: number;
  /** How long a thread keeps another from its core, milliseconds. */
  readonly sliceMs: number;
}

export interface PlannedTraffic {
  /** Calls a second at the busiest time, of all hosts. */
  readonly rate: number;
  readonly mix: Mix;
  /** Of other processes of the host for each call, as the upstream and the callers of a test. */
  readonly besideMicros: number;
  /** The p99 of the upstream, which every call waits for. */
  readonly upstreamP99Ms: number;
}

export interface HostShape {
  readonly fronts: number;
  /** Of each front. */
  readonly workers: number;
  readonly cores: number;
}

/** Of one host. */
export interface Expectation {
  /** Calls a second. */
  readonly rate: number;
  /** Shares of a core that one front thread and one worker use, and of all cores of the host. */
  readonly frontUtilization: number;
  readonly workerUtilization: number;
  readonly hostUtilization: number;
  /** Of the busiest kind of thread. */
  readonly utilization: number;
  readonly batchSize: number;
  /** Infinite where more comes than can be done. */
  readonly p99Ms: number;
}

const MICROS_PER_SECOND = 1_000_000;
/** Of an exponential tail: one in a hundred waits so many means. */
const P99_MEANS = Math.log(100);
const BATCH_MAX = 64;

/** @param rate calls a second of this host */
export function expectationOf(
  rate: number,
  traffic: PlannedTraffic,
  shape: HostShape,
  costs: HostCosts,
): Expectation {
  const { fronts, workers, cores } = shape;
  const work = workOf(traffic.mix, costs);
  const perFront = rate / fronts;
  const perWorker = (perFront * work.pooledShare) / workers;
  const checkSeconds = (work.pooledMicros + costs.jobMicros) / MICROS_PER_SECOND;
  const batchSize = batchSizeOf(perWorker, checkSeconds, costs);
  const alone = aloneShare(perFront, costs);
  const frontMicros = costs.frontMicros + besideFrontMicros(perFront, work, costs);
  const workerMicros =
    work.pooledShare * (checkSeconds * MICROS_PER_SECOND + alone * costs.aloneWorkerMicros);
  const frontUtilization = (perFront * frontMicros) / MICROS_PER_SECOND;
  const workerUtilization = (perFront * workerMicros) / workers / MICROS_PER_SECOND;
  const all = frontMicros + workerMicros + traffic.besideMicros;
  const hostUtilization = (rate * all) / MICROS_PER_SECOND / cores;
  const utilization = Math.max(frontUtilization, workerUtilization);
  const p99Ms =
    traffic.upstreamP99Ms +
    costs.idleP99Ms +
    tailMs(frontUtilization, (frontMicros / 1_000) * batchSize) +
    tailMs(workerUtilization, checkSeconds * 1_000 * batchSize) +
    tailMs(hostUtilization, costs.sliceMs);
  return {
    ...{ rate, frontUtilization, workerUtilization, hostUtilization, utilization, batchSize },
    p99Ms,
  };
}

/**
 * How many times what these costs say a front takes for a call, besides its checks.
 *
 * @param seenMicros of a front's CPU for a call
 * @param perFront calls a second at which it was seen
 */
export function frontPaceOf(
  seenMicros: number,
  perFront: number,
  mix: Mix,
  costs: HostCosts,
): number {
  const work = workOf(mix, costs);
  const said = costs.frontMicros + besideFrontMicros(perFront, work, costs);
  return (seenMicros - work.inlineMicros) / (said - work.inlineMicros);
}

/** Of calls that have none within `aloneAfterMs` before them. */
function aloneShare(perFront: number, { aloneAfterMs }: HostCosts): number {
  return Math.exp((-perFront * aloneAfterMs) / 1_000);
}

/** Of the front for a call, over all calls, beside `frontMicros`. */
function besideFrontMicros(perFront: number, work: Work, costs: HostCosts): number {
  const alone = aloneShare(perFront, costs);
  return (
    work.inlineMicros +
    work.pooledShare * alone * costs.aloneFrontMicros +
    (1 - work.pooledShare) * (costs.inlineFrontMicros + alone * costs.aloneInlineFrontMicros)
  );
}

interface Work {
  /** Of calls whose check a worker does. */
  readonly pooledShare: number;
  /** Of one such check. */
  readonly pooledMicros: number;
  /** Of the front, over all calls. */
  readonly inlineMicros: number;
}

function workOf(mix: Mix, costs: HostCosts): Work {
  let pooledShare = 0;
  let pooled = 0;
  let inlineMicros = 0;
  for (const [kind, share] of mix) {
    const micros = costs.checkMicros[kind];
    if (micros <= costs.inlineMaxMicros) inlineMicros += share * micros;
    else {
      pooledShare += share;
      pooled += share * micros;
    }
  }
  return { pooledShare, pooledMicros: pooledShare === 0 ? 0 : pooled / pooledShare, inlineMicros };
}

/**
 * A batch gathers while its worker has the one before: as many as come in its time, at least one.
 * With a hop of h and checks of s seconds that is b = rate (h + b s).
 */
function batchSizeOf(perWorker: number, checkSeconds: number, costs: HostCosts): number {
  const hopSeconds = costs.hopWorkerMicros / MICROS_PER_SECOND;
  const left = 1 - perWorker * checkSeconds;
  if (left <= 0) return BATCH_MAX;
  return Math.min(BATCH_MAX, Math.max(1, (perWorker * hopSeconds) / left));
}

/** What one in a hundred waits behind others, of whom each takes `serviceMs` (M/M/1). */
function tailMs(utilization: number, serviceMs: number): number {
  if (utilization >= 1) return Number.POSITIVE_INFINITY;
  return (P99_MEANS * serviceMs * utilization) / (1 - utilization) / 2;
}
