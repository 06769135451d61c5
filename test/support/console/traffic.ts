/** Plausible traffic of any second: the same second has the same figures, each time it is asked. */
import { STAGES } from '../../../src/core/stages.ts';
import {
  type CurvePoint,
  HEAT_BOUNDS_MS,
  type LatencyFigures,
  type StageFigures,
  type TrafficFigures,
} from '../../../src/telemetry/live-frame.ts';

const QUANTILES = [
  ...[0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995],
  ...[0.9998, 0.9999, 0.99995, 0.99999, 1],
];
/** Shares of the stages before `total`, in their order; the rest is elsewhere. */
const STAGE_SHARES = [0.02, 0.11, 0.14, 0.01, 0.06, 0.05, 0.5, 0.03];

/** One of a mixture of log-normal durations. */
interface Mode {
  readonly share: number;
  readonly medianMs: number;
  readonly sigma: number;
}

/** From 0 to 1, by the number alone. */
export function noise(seed: number): number {
  const x = Math.sin(seed * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

function modesAt(second: number): readonly Mode[] {
  const slow = 0.012 + 0.02 * Math.max(0, Math.sin(second / 47)) + 0.004 * noise(second);
  const stall = second % 90 < 6 ? 0.02 : 0.0008;
  return [
    { share: 1 - slow - stall - 0.18, medianMs: 4.6 + Math.sin(second / 30), sigma: 0.28 },
    { share: 0.18, medianMs: 1.3, sigma: 0.2 },
    { share: slow, medianMs: 26, sigma: 0.45 },
    { share: stall, medianMs: 240, sigma: 0.5 },
  ];
}

/** Abramowitz and Stegun 7.1.26: off by less than 1.5e-7. */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.3275911 * (Math.abs(z) / Math.SQRT2));
  const series =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const error = 1 - series * Math.exp((-z * z) / 2);
  return (1 + Math.sign(z) * error) / 2;
}

function shareBelow(modes: readonly Mode[], ms: number): number {
  return modes.reduce(
    (sum, { share, medianMs, sigma }) => sum + share * normalBelow(Math.log(ms / medianMs) / sigma),
    0,
  );
}

function durationAt(modes: readonly Mode[], quantile: number): number {
  let low = Math.log(0.05);
  let high = Math.log(20_000);
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (shareBelow(modes, Math.exp(middle)) < quantile) low = middle;
    else high = middle;
  }
  return Number(Math.exp(high).toPrecision(4));
}

/** The rarest that so many exchanges hold. */
function rarest(count: number): number {
  return 1 - 1 / (count + 1);
}

export function curveOf(second: number, count: number): CurvePoint[] {
  const modes = modesAt(second);
  return QUANTILES.filter(quantile => quantile <= rarest(count) || quantile === 1).map(
    quantile => ({
      quantile,
      ms: durationAt(modes, Math.max(0.0005, Math.min(quantile, rarest(count)))),
    }),
  );
}

function latencyOf(modes: readonly Mode[], count: number): LatencyFigures {
  const at = (quantile: number) => durationAt(modes, Math.min(quantile, rarest(count)));
  const mean = modes.reduce(
    (sum, { share, medianMs, sigma }) => sum + share * medianMs * Math.exp((sigma * sigma) / 2),
    0,
  );
  return { count, mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
}

function heatOf(modes: readonly Mode[], count: number): number[] {
  let below = 0;
  const cells = HEAT_BOUNDS_MS.map(bound => {
    const upTo = shareBelow(modes, bound);
    const cell = Math.round((upTo - below) * count);
    below = upTo;
    return cell;
  });
  return [...cells, Math.round((1 - below) * count)];
}

function stagesOf({ mean, p50, p99, count }: LatencyFigures): StageFigures[] {
  return STAGES.map((stage, index) => {
    const share = STAGE_SHARES[index] ?? 1;
    return { stage, count, meanOfAll: mean * share, p50: p50 * share, p99: p99 * share };
  });
}

/** Exchanges of one second: waves of some minutes, and a day. */
function exchangesAt(second: number): number {
  const day = 0.75 + 0.25 * Math.sin(second / 13_750);
  return Math.round(day * (3_600 + 500 * Math.sin(second / 61) + 260 * noise(second)));
}

function problemsOf(second: number, count: number): Record<string, number> {
  const of = (share: number) => Math.round(count * share);
  const names: Record<string, number> = {
    'signature-invalid': of(0.004 + 0.002 * noise(second + 1)),
    'rate-limited': of(0.009 + 0.008 * Math.max(0, Math.sin(second / 35))),
    'scope-insufficient': of(0.001),
    'upstream-timeout': second % 90 < 6 ? of(0.012) : 0,
    'verify-saturated': second % 90 < 4 ? of(0.006) : 0,
    'payload-invalid': of(0.0015 * noise(second + 2)),
    'quota-exceeded': of(0.0012),
  };
  return Object.fromEntries(Object.entries(names).filter(([, found]) => found > 0));
}

/** Of all fronts between two moments. */
export function trafficBetween(fromMs: number, toMs: number): TrafficFigures {
  const second = Math.floor(fromMs / 1_000);
  const seconds = Math.max(0, (toMs - fromMs) / 1_000);
  const exchanges = Math.round(exchangesAt(second) * seconds);
  const modes = modesAt(second);
  const problems = problemsOf(second, exchanges);
  const refused = Object.values(problems).reduce((sum, count) => sum + count, 0);
  const failed = (problems['upstream-timeout'] ?? 0) + (problems['verify-saturated'] ?? 0);
  const latency = latencyOf(modes, exchanges);
  const stages = stagesOf(latency);
  const named = STAGE_SHARES.reduce((sum, share) => sum + share, 0);
  return {
    ...{ fromMs, toMs, exchanges, good: exchanges - refused, problems, latency, stages },
    aborted: Math.round(exchanges * 0.0004),
    statuses: {
      ...{ none: Math.round(exchanges * 0.0004), '1xx': 0, '2xx': exchanges - refused, '3xx': 0 },
      ...{ '4xx': refused - failed, '5xx': failed },
    },
    elsewhere: latency.mean * (1 - named),
    heat: heatOf(modes, exchanges),
  };
}
