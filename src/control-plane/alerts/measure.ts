/** How a rule stands against the traffic. */
import type { AlertCondition, BurnRate, Percentile, Rate } from './alert-rule.ts';
import type { TrafficHistory, TrafficWindow } from './traffic-history.ts';

export interface Thresholds {
  /** As `alerts.callsMin`. */
  readonly callsMin: number;
  /** As `alerts.clearMarginPercent`. */
  readonly clearMarginPercent: number;
}

export interface Measurement {
  /** In the unit of the threshold; undefined where there is too little traffic to tell. */
  readonly value: number | undefined;
  readonly holds: boolean;
  /** Far enough on the good side; between the two, what is stays. */
  readonly isClear: boolean;
}

const TOO_LITTLE: Measurement = { value: undefined, holds: false, isClear: true };
/** So much less than in the long window of a burn rate suffices in its short one. */
const SHORT_WINDOW_DIVISOR = 10;

/** Undefined where the history does not reach back so far yet: nothing is known. */
export function measure(
  when: AlertCondition,
  history: TrafficHistory,
  thresholds: Thresholds,
): Measurement | undefined {
  switch (when.kind) {
    case 'burn-rate':
      return measureBurn(when, history, thresholds);
    case 'percentile':
      return measurePercentile(when, history, thresholds);
    case 'rate':
      return measureRate(when, history, thresholds);
  }
}

/** Times the allowed share for burn rates, milliseconds for percentiles, or per second. */
export function thresholdOf(when: AlertCondition): number {
  if (when.kind === 'burn-rate') return when.factor;
  return when.kind === 'percentile' ? when.aboveMs : when.perSecond;
}

/**
 * The lesser of two windows: the long one says that it matters, the short one that it goes on, so
 * that an alert ends soon after its cause.
 */
function measureBurn(
  when: BurnRate,
  history: TrafficHistory,
  thresholds: Thresholds,
): Measurement | undefined {
  const long = history.last(when.longSeconds);
  const short = history.last(when.shortSeconds);
  if (long === undefined || short === undefined) return undefined;
  const { callsMin } = thresholds;
  const isLittle =
    long.exchanges < callsMin || short.exchanges < Math.ceil(callsMin / SHORT_WINDOW_DIVISOR);
  if (isLittle) return TOO_LITTLE;
  const burn = (traffic: TrafficWindow) => badShare(when, traffic) / (1 - when.objective);
  return above(Math.min(burn(long), burn(short)), when.factor, thresholds);
}

function badShare({ aboveMs }: BurnRate, traffic: TrafficWindow): number {
  return aboveMs === undefined ? traffic.failed / traffic.exchanges : traffic.shareAbove(aboveMs);
}

function measurePercentile(
  { quantile, aboveMs, windowSeconds }: Percentile,
  history: TrafficHistory,
  thresholds: Thresholds,
): Measurement | undefined {
  const traffic = history.last(windowSeconds);
  if (traffic === undefined) return undefined;
  if (traffic.exchanges < thresholds.callsMin) return TOO_LITTLE;
  return above(traffic.quantileMs(quantile), aboveMs, thresholds);
}

function measureRate(
  { of, side, perSecond, windowSeconds }: Rate,
  history: TrafficHistory,
  thresholds: Thresholds,
): Measurement | undefined {
  const traffic = history.last(windowSeconds);
  if (traffic === undefined) return undefined;
  const value = countOf(of, traffic) / traffic.seconds;
  if (side === 'above') return above(value, perSecond, thresholds);
  const clearFrom = perSecond * (1 + thresholds.clearMarginPercent / 100);
  return { value, holds: value < perSecond, isClear: value >= clearFrom };
}

function above(value: number, threshold: number, { clearMarginPercent }: Thresholds): Measurement {
  const clearTo = threshold * (1 - clearMarginPercent / 100);
  return { value, holds: value > threshold, isClear: value <= clearTo };
}

function countOf(of: string, { exchanges, aborted, problems }: TrafficWindow): number {
  if (of === 'exchanges') return exchanges;
  if (of === 'aborted') return aborted;
  if (of !== 'refused') return problems[of] ?? 0;
  return Object.values(problems).reduce((sum, count) => sum + count, 0);
}
