/** The traffic of the last seconds as the model of docs/planning.md needs it. */
import { STAGE } from '../../core/stages.ts';
import type { MeasuredTraffic, MixShares } from '../../planning/advice-answer.ts';
import { mixKindOf } from '../../planning/mix.ts';
import type { HostShape } from '../../planning/plan-model.ts';
import { STAGE_LAYOUT } from '../../telemetry/histogram-layout.ts';
import { addSparse, type TrafficSlice } from '../../telemetry/history/traffic-slice.ts';
import type { LiveFrame, ThreadFigures } from '../../telemetry/live-frame.ts';
import { MergedHistogram } from '../../telemetry/merged-histogram.ts';

const SECONDS_WATCHED = 30;
/** Calls from which a mean says something, and a p99 has five beyond it. */
const CALLS_MIN = 500;
/** Shares that are no more than calls underway at the edges of the time. */
const SHARE_LEAST = 0.001;
const MICROS_PER_SECOND = 1_000_000;

export interface AdviceSources {
  /** One a second, the oldest first. */
  frames(): readonly LiveFrame[];
  /** Of the last so many milliseconds. */
  slices(spanMs: number): readonly TrafficSlice[];
  /** Of a check by algorithm, microseconds. */
  checkMicros(): Readonly<Record<string, number>>;
  /** Fronts that serve, workers of each, cores. */
  shape(): HostShape;
}

export function measureTraffic(sources: AdviceSources): MeasuredTraffic {
  const frames = sources.frames().slice(-SECONDS_WATCHED);
  const [shape, checkMicros] = [sources.shape(), sources.checkMicros()];
  const calls = sumOf(frames, ({ traffic }) => traffic.exchanges);
  const seconds = sumOf(frames, ({ traffic }) => traffic.toMs - traffic.fromMs) / 1_000;
  const figures = { seconds, calls, callsMin: CALLS_MIN, shape, checkMicros };
  const rate = seconds === 0 ? 0 : calls / seconds;
  if (calls < CALLS_MIN) return { state: 'too-few-calls', ...figures, rate, ...NOTHING };
  const slices = sources.slices(seconds * 1_000);
  const cpu = (kind: ThreadFigures['kind']) => sumOf(frames, frame => cpuOf(frame, kind));
  const [ofFronts, ofWorkers] = [cpu('front'), cpu('worker')];
  const threadSeconds = (kind: ThreadFigures['kind']) =>
    Math.max(
      1,
      sumOf(frames, ({ threads }) => threads.filter(each => each.kind === kind).length),
    );
  return {
    state: 'measured',
    ...{ ...figures, rate, mix: mixIn(frames, calls) },
    frontMicros: (ofFronts * MICROS_PER_SECOND) / calls,
    workerMicros: (ofWorkers * MICROS_PER_SECOND) / calls,
    frontUtilization: ofFronts / threadSeconds('front'),
    workerUtilization: ofWorkers / threadSeconds('worker'),
    p99Ms: p99Of(slices, STAGE.total),
    upstreamP99Ms: p99Of(slices, STAGE.upstream),
  };
}

const NOTHING = {
  ...{ mix: null, frontMicros: null, workerMicros: null },
  ...{ frontUtilization: null, workerUtilization: null, p99Ms: null, upstreamP99Ms: null },
} as const;

/** Cores that threads of a kind used in a second. */
function cpuOf({ threads }: LiveFrame, kind: ThreadFigures['kind']): number {
  return sumOf(threads, thread => (thread.kind === kind ? thread.cpu : 0));
}

/**
 * Of which share of calls what had to be checked. Fronts tell of kinds a little later than of
 * calls: kinds share what was checked, and the rest is calls without anything to check.
 */
function mixIn(frames: readonly LiveFrame[], calls: number): MixShares {
  const counts = new Map<keyof MixShares, number>();
  for (const { proofs } of frames) {
    for (const [algorithm, count] of Object.entries(proofs)) {
      const kind = mixKindOf(algorithm);
      counts.set(kind, (counts.get(kind) ?? 0) + count);
    }
  }
  const told = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const proven = told === 0 ? 0 : Math.min(1, sumOf(frames, frame => frame.proven) / calls);
  const shares = [...counts].map(([kind, count]) => [kind, (count / told) * proven] as const);
  const all = [...shares, ['none', 1 - proven] as const].filter(([, share]) => share > SHARE_LEAST);
  const sum = sumOf(all, ([, share]) => share);
  return Object.fromEntries(
    all.sort(([, one], [, other]) => other - one).map(([kind, share]) => [kind, share / sum]),
  );
}

function p99Of(slices: readonly TrafficSlice[], stage: number): number | null {
  const merged = new MergedHistogram(STAGE_LAYOUT);
  for (const { stages } of slices) addSparse(merged, stages[stage]!);
  if (merged.count === 0) return null;
  const [micros = 0] = merged.quantiles([0.99]);
  return Math.min(micros, merged.maxMicros) / 1_000;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
