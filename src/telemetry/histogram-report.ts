import type { JsHistogram } from 'hdr-histogram-js';
import { STAGES, type Stage } from '../core/stages.ts';
import type { MergedHistogram } from './merged-histogram.ts';
import type { TelemetryReader } from './telemetry-reader.ts';

const DETAIL_TICKS_PER_HALF_DISTANCE = 5;

export interface PercentilePoint {
  readonly percentile: number;
  readonly ms: number;
  /** Durations up to this one. */
  readonly count: number;
}

/** One histogram in milliseconds. At least the percentile's share of all does not exceed it. */
export interface HistogramReport {
  readonly count: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
  /** Durations beyond 60 s: percentiles count them as 60 s; mean and max are exact. */
  readonly clamped: number;
  readonly percentiles?: readonly PercentilePoint[];
}

export interface HistogramsReport {
  readonly unit: 'ms';
  /** ISO 8601 times between which was counted. */
  readonly from: string;
  readonly to: string;
  readonly stages: Readonly<Partial<Record<Stage, HistogramReport>>>;
  /** Total time by operation id. */
  readonly operations: Readonly<Record<string, HistogramReport>>;
}

export function reportHistograms(
  reader: TelemetryReader,
  nowMs: number,
  detail: boolean,
): HistogramsReport {
  const stages: Partial<Record<Stage, HistogramReport>> = {};
  for (const stage of STAGES) stages[stage] = reportHistogram(reader.stage(stage), detail);
  // Without a prototype an operation may have any name.
  const operations: Record<string, HistogramReport> = Object.create(null);
  for (const [id, histogram] of reader.operations()) {
    operations[id] = reportHistogram(histogram, detail);
  }
  return {
    unit: 'ms',
    from: new Date(reader.startedAtMs).toISOString(),
    to: new Date(nowMs).toISOString(),
    stages,
    operations,
  };
}

export function reportHistogram(histogram: MergedHistogram, detail: boolean): HistogramReport {
  const hdr = histogram.toHdr();
  const { count } = histogram;
  const at = (percentile: number) =>
    count === 0 ? 0 : Math.min(hdr.getValueAtPercentile(percentile), hdr.maxValue) / 1000;
  const report: HistogramReport = {
    count,
    min: at(0),
    mean: count === 0 ? 0 : round(histogram.sumMicros / count / 1000),
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    p9999: at(99.99),
    max: round(histogram.maxMicros / 1000),
    clamped: histogram.clamped,
  };
  return detail ? { ...report, percentiles: distribution(hdr as JsHistogram) } : report;
}

/** The points of HdrHistogram's percentile plot: five for each halving of the distance to 100 %. */
function distribution(hdr: JsHistogram): PercentilePoint[] {
  const points: PercentilePoint[] = [];
  const iterator = hdr.percentileIterator;
  iterator.reset(DETAIL_TICKS_PER_HALF_DISTANCE);
  while (iterator.hasNext()) {
    const point = iterator.next();
    points.push({
      percentile: point.percentileLevelIteratedTo,
      ms: point.valueIteratedTo / 1000,
      count: point.totalCountToThisValue,
    });
  }
  return points;
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
