import type { PoolReading } from '../../core/pool-reading.ts';
import type { LaneFigures, LiveFrame, PoolFigures, ThreadFigures } from '../live-frame.ts';
import type { TelemetryReader, ThreadReading } from '../telemetry-reader.ts';
import { percentileCurve, trafficFigures } from './traffic-figures.ts';
import { type TrafficSlice, TrafficSum } from './traffic-slice.ts';

const MS_PER_SECOND = 1_000;
const NO_POOL: PoolReading = {
  ...{ workers: 0, queueLength: 0, batches: 0, batchSizes: [], jobs: 0, waitMs: 0, serviceMs: 0 },
  ...{ lanes: [], kinds: [] },
};

export interface FrameSources {
  readonly reader: TelemetryReader;
  /** By front, as each told last. */
  readonly pools: ReadonlyMap<number, PoolReading>;
  /** By front: how often it was started again. */
  restarts(): readonly number[];
}

interface CpuReading {
  readonly seconds: number;
  readonly atMs: number;
}

/** What is shown of one second, beside the second before it. */
export class FrameComposer {
  private readonly sources: FrameSources;
  private readonly sum = new TrafficSum();
  private cpuBefore = new Map<string, CpuReading>();
  private poolsBefore = new Map<number, PoolReading>();
  private tokensBefore = 0;
  private provenBefore = 0;
  private poolsShown = new Map<number, PoolFigures>();

  constructor(sources: FrameSources) {
    this.sources = sources;
  }

  compose(slice: TrafficSlice): LiveFrame {
    const { reader } = this.sources;
    this.sum.clear();
    this.sum.add(slice);
    // Before the pools of the frame before are forgotten.
    const proofs = this.proofs();
    return {
      kind: 'frame',
      traffic: trafficFigures(this.sum, slice.fromMs, slice.toMs),
      curve: percentileCurve(this.sum),
      exchangesInFlight: reader.counter('exchanges_in_flight'),
      connections: reader.counter('connections_open'),
      sessions: reader.counter('websocket_sessions_open'),
      threads: this.threads(),
      pools: this.pools(),
      proofs,
      proven: this.proven(),
      rssBytes: process.memoryUsage.rss(),
    };
  }

  private threads(): ThreadFigures[] {
    const restarts = this.sources.restarts();
    const cpuNow = new Map<string, CpuReading>();
    const figures = this.sources.reader.threads().map(thread => {
      const { name, sampledAtMs: atMs } = thread;
      const seconds = thread.cpuUserSeconds + thread.cpuSystemSeconds;
      cpuNow.set(name, { seconds, atMs });
      const front = /^front-(\d+)$/.exec(name)?.[1];
      return {
        name,
        kind: kindOf(name),
        cpu: cpuShare(this.cpuBefore.get(name), { seconds, atMs }),
        ...shown(thread),
        restarts: front === undefined ? thread.restarts || 0 : (restarts[Number(front)] ?? 0),
        sampledAtMs: atMs,
      };
    });
    this.cpuBefore = cpuNow;
    return figures;
  }

  private proofs(): Record<string, number> {
    const { reader, pools } = this.sources;
    const proofs: Record<string, number> = {};
    for (const [front, { kinds }] of pools) {
      const before = this.poolsBefore.get(front)?.kinds ?? [];
      for (const [i, { kind, asked }] of kinds.entries()) {
        const last = before[i]?.asked ?? 0;
        const came = asked < last ? asked : asked - last;
        if (came > 0) proofs[kind] = (proofs[kind] ?? 0) + came;
      }
    }
    const tokens = reader.counter('tokens_remembered');
    if (tokens > this.tokensBefore) proofs.token = tokens - this.tokensBefore;
    this.tokensBefore = tokens;
    return proofs;
  }

  private proven(): number {
    const { reader } = this.sources;
    let now = reader.counter('tokens_remembered');
    for (const name of ['verify_inline', 'verify_pooled'] as const) now += reader.counter(name);
    const proven = now - this.provenBefore;
    this.provenBefore = now;
    return proven;
  }

  private pools(): PoolFigures[] {
    const { pools } = this.sources;
    const before = this.poolsBefore;
    this.poolsBefore = new Map(pools);
    const figures = [...pools]
      .sort(([one], [other]) => one - other)
      .map(([front, now]) => {
        const shown = this.poolsShown.get(front);
        if (shown !== undefined && now === before.get(front)) return untold(shown);
        return poolFigures(front, now, before.get(front) ?? NO_POOL);
      });
    this.poolsShown = new Map(figures.map(each => [each.front, each]));
    return figures;
  }
}

function kindOf(name: string): ThreadFigures['kind'] {
  if (name === 'main') return 'main';
  return name.includes('-worker-') ? 'worker' : 'front';
}

/** Between two samples of the thread; one that was not sampled anew used nothing that is known. */
function cpuShare(before: CpuReading | undefined, now: CpuReading): number {
  if (before === undefined || before.atMs === 0 || now.atMs <= before.atMs) return 0;
  const seconds = Math.max(0, now.seconds - before.seconds);
  return seconds / ((now.atMs - before.atMs) / MS_PER_SECOND);
}

function shown(thread: ThreadReading) {
  return {
    utilization: numberOr(thread.eventLoopUtilization, 1),
    delayP99: numberOr(thread.eventLoopDelayP99Seconds, MS_PER_SECOND),
    delayMax: numberOr(thread.eventLoopDelayMaxSeconds, MS_PER_SECOND),
    heapUsedBytes: numberOr(thread.heapUsedBytes, 1),
  };
}

/** Null where nobody measures it: JSON has no NaN. */
function numberOr(value: number, factor: number): number | null {
  return Number.isNaN(value) ? null : value * factor;
}

/**
 * Of a front that has not told since the frame before, for its clock and this one's beat once a
 * second each: what it counted comes with the next frame, and its means are as they were.
 */
function untold(shown: PoolFigures): PoolFigures {
  return { ...shown, jobs: 0, batches: 0, batchSizes: shown.batchSizes.map(() => 0) };
}

/** A front that was started again counts from 0. */
function poolFigures(front: number, now: PoolReading, last: PoolReading): PoolFigures {
  const isAnother = now.jobs < last.jobs || now.batches < last.batches;
  const before = isAnother ? NO_POOL : last;
  const jobs = now.jobs - before.jobs;
  const mean = (sum: number) => (jobs === 0 ? 0 : sum / jobs);
  const taken = now.lanes.reduce((sum, { takenMicros }) => sum + takenMicros, 0);
  const share = (micros: number) => (taken === 0 ? 0 : micros / taken);
  return {
    front,
    workers: now.workers,
    queueLength: now.queueLength,
    batches: now.batches - before.batches,
    batchSizes: now.batchSizes.map((count, i) => count - (before.batchSizes[i] ?? 0)),
    jobs,
    meanWait: mean(now.waitMs - before.waitMs),
    meanService: mean(now.serviceMs - before.serviceMs),
    lanes: now.lanes.map(
      ({ app, waiting, takenMicros }): LaneFigures => ({ app, waiting, share: share(takenMicros) }),
    ),
  };
}
