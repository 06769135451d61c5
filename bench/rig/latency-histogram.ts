/** HDR histograms of microseconds, and what results show of them in milliseconds. */
import { build, type Histogram, type JsHistogram } from 'hdr-histogram-js';

/** Longest duration that is told apart: two minutes; longer ones count as this. */
export const MICROS_MAX = 120_000_000;
const SIGNIFICANT_DIGITS = 3;
/** Points for each halving of the distance to 100 %, as HdrHistogram's own plots have. */
const TICKS_PER_HALF_DISTANCE = 5;

/** Milliseconds. */
export interface PercentilesMs {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
}

export function createHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: MICROS_MAX,
    numberOfSignificantValueDigits: SIGNIFICANT_DIGITS,
  });
}

/** Microseconds as the histogram takes them: whole, within its range. */
export function recordable(micros: number): number {
  return Math.min(Math.max(Math.round(micros), 0), MICROS_MAX);
}

/** Zeroes where nothing was recorded. */
export function percentilesMs(histogram: Histogram): PercentilesMs {
  const at = (percentile: number) =>
    histogram.totalCount === 0
      ? 0
      : Math.min(histogram.getValueAtPercentile(percentile), histogram.maxValue) / 1_000;
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), p9999: at(99.99), max: at(100) };
}

/** The points of HdrHistogram's percentile plot; none where nothing was recorded. */
export function percentileCurve(histogram: Histogram): { percentile: number; ms: number }[] {
  const points: { percentile: number; ms: number }[] = [];
  if (histogram.totalCount === 0) return points;
  const iterator = (histogram as JsHistogram).percentileIterator;
  iterator.reset(TICKS_PER_HALF_DISTANCE);
  while (iterator.hasNext()) {
    const { percentileLevelIteratedTo, valueIteratedTo } = iterator.next();
    const micros = Math.min(valueIteratedTo, histogram.maxValue);
    points.push({ percentile: percentileLevelIteratedTo, ms: micros / 1_000 });
  }
  return points;
}
