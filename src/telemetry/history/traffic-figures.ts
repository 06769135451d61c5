/** Figures for people and scripts from counts that were added up. */
import { STATUS_CLASSES, type StatusClass } from '../../core/recorder.ts';
import { STAGES } from '../../core/stages.ts';
import {
  type CurvePoint,
  HEAT_BOUNDS_MS,
  type LatencyFigures,
  type StageFigures,
  type TrafficFigures,
} from '../live-frame.ts';
import type { MergedHistogram } from '../merged-histogram.ts';
import type { TrafficSum } from './traffic-slice.ts';

const TOTAL = STAGES.length - 1;
const HEAT_BOUNDS_MICROS = HEAT_BOUNDS_MS.map(ms => Math.round(ms * 1_000));
/** Two points for each halving of the distance to all, down to one in 131,072. */
const CURVE_QUANTILES = [
  0,
  ...Array.from({ length: 34 }, (_, i) => 1 - 2 ** (-(i + 1) / 2)),
  1,
] as const;

/** @param fromMs of the span that was asked for, where nothing was counted in it */
export function trafficFigures(sum: TrafficSum, fromMs: number, toMs: number): TrafficFigures {
  const total = sum.stages[TOTAL]!;
  const { exchanges, aborted } = sum;
  const latency = latencyFigures(total);
  const stages = STAGES.map((_, stage) => stageFigures(sum.stages[stage]!, stage, exchanges));
  const inStages = stages.slice(0, TOTAL).reduce((ms, { meanOfAll }) => ms + meanOfAll, 0);
  return {
    fromMs: sum.isEmpty ? fromMs : sum.fromMs,
    toMs: sum.isEmpty ? toMs : sum.toMs,
    ...{ exchanges, aborted, latency, stages },
    good: goodOf(sum),
    statuses: Object.fromEntries(
      STATUS_CLASSES.map((name, i) => [name, sum.statuses[i]!]),
    ) as Record<StatusClass, number>,
    problems: Object.fromEntries(sum.problems),
    elsewhere: round(Math.max(0, stages[TOTAL]!.meanOfAll - inStages)),
    heat: heatOf(total),
  };
}

export function percentileCurve(sum: TrafficSum): CurvePoint[] {
  const total = sum.stages[TOTAL]!;
  if (total.count === 0) return [];
  const micros = total.quantiles(CURVE_QUANTILES);
  return CURVE_QUANTILES.map((quantile, i) => ({
    quantile,
    ms: round(Math.min(micros[i]!, total.maxMicros) / 1_000),
  }));
}

/** Answered with a status below 400. */
export function goodOf({ statuses }: Pick<TrafficSum, 'statuses'>): number {
  return statuses[1]! + statuses[2]! + statuses[3]!;
}

function latencyFigures(histogram: MergedHistogram): LatencyFigures {
  const { count, sumMicros, maxMicros } = histogram;
  const micros = histogram.quantiles([0.5, 0.9, 0.99, 0.999]);
  const [p50, p90, p99, p999] = micros.map(each => round(Math.min(each, maxMicros) / 1_000));
  return {
    ...{ count, p50: p50!, p90: p90!, p99: p99!, p999: p999! },
    mean: count === 0 ? 0 : round(sumMicros / count / 1_000),
    max: round(maxMicros / 1_000),
  };
}

function stageFigures(histogram: MergedHistogram, stage: number, exchanges: number): StageFigures {
  const { count, sumMicros, maxMicros } = histogram;
  const [p50 = 0, p99 = 0] = histogram.quantiles([0.5, 0.99]);
  return {
    stage: STAGES[stage]!,
    count,
    meanOfAll: exchanges === 0 ? 0 : round(sumMicros / exchanges / 1_000),
    p50: round(Math.min(p50, maxMicros) / 1_000),
    p99: round(Math.min(p99, maxMicros) / 1_000),
  };
}

function heatOf(histogram: MergedHistogram): number[] {
  const cumulative = histogram.cumulative(HEAT_BOUNDS_MICROS);
  const cells = cumulative.map((count, i) => count - (cumulative[i - 1] ?? 0));
  return [...cells, histogram.count - (cumulative.at(-1) ?? 0)];
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
