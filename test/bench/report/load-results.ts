/** Load results as a run would find them, from a seed: the same seed gives the same result. */
import type { CurvePoint, LoadResult, Percentiles } from '../../../bench/load/load-result.ts';

export interface ResultTraits {
  readonly seed?: number;
  readonly seconds?: number;
  readonly rate?: number;
  /** Of the latency in the middle; 1 is a millisecond. */
  readonly slowness?: number;
  /** Milliseconds that the whole gateway stood still in the middle of the run. */
  readonly stallMs?: number;
  /** Share of requests that fail. */
  readonly errorShare?: number;
}

/** The upper ends of the heat map's bands: eight to a factor of ten, 0.1 ms to 10 s. */
const UPPER_MS = Array.from({ length: 41 }, (_, band) => Number((10 ** (band / 8 - 1)).toFixed(4)));

const STAGE_SHARES = {
  body: 0.03,
  verify_wait: 0.22,
  verify: 0.15,
  policy: 0.02,
  transform: 0.03,
  upstream_wait: 0.08,
  upstream: 0.34,
  respond: 0.06,
} as const;

interface Sample {
  readonly dueSeconds: number;
  readonly intendedMs: number;
  readonly actualMs: number;
}

export function buildResult(traits: ResultTraits = {}): LoadResult {
  const { seed = 42, seconds = 30, rate = 8_000, errorShare = 0 } = traits;
  const random = randomFrom(seed);
  const samples = buildSamples(traits, random);
  // A refusal is fast: those that fail are the fastest, all over the run.
  if (errorShare > 0) samples.sort((one, other) => one.actualMs - other.actualMs);
  const failed = Math.round(samples.length * errorShare);
  const answered = samples.slice(failed);
  const intended = sorted(answered.map(({ intendedMs }) => intendedMs));
  const actual = sorted(answered.map(({ actualMs }) => actualMs));
  const timeline = buildTimeline(samples, failed, seconds, random);
  const meanMs = intended.reduce((sum, ms) => sum + ms, 0) / Math.max(1, intended.length);
  return {
    name: 'load',
    ...OPTIONS,
    seed,
    rate,
    durationSeconds: seconds,
    startedAt: '2026-03-01T12:00:00.000Z',
    configuration: { 'signatures.createdMaxAgeMs': 3_600_000, 'telemetry.accessLog': false },
    ...percentilesOf(intended),
    achievedRate: timeline.answered.reduce((sum, count) => sum + count, 0) / seconds,
    requests: samples.length,
    answered: answered.length,
    errors: failed === 0 ? {} : { 'verify-saturated': failed - 1, reset: 1 },
    connectionsLost: {},
    connectionsOpenMin: OPTIONS.connections,
    missedSends: 0,
    noIdleConnection: Math.round(samples.length * 0.0001),
    curve: curveOf(intended),
    fromActualSend: { ...percentilesOf(actual), curve: curveOf(actual) },
    // Everything but what a stall would have kept from being asked.
    closedLoop: {
      ...{ clients: 64, requests: actual.length, ...percentilesOf(actual) },
      curve: curveOf(actual),
    },
    stages: buildStages(meanMs),
    cpuMicrosPerRequest: { process: 71.2, main: 1.1, 'front-1': 38.4, 'front-1-worker-1': 31.7 },
    upstreamCpuMicrosPerRequest: 22.4,
    rssMb: 171.4,
    hiccup: {
      generator: scaled(HICCUP, 1),
      gatewaySide: scaled(HICCUP, 1 + (traits.stallMs ?? 0) / 40),
    },
    generator: {
      lag: scaled(HICCUP, 0.6),
      cpuMicrosPerRequest: 31,
      cpuShareMax: 0.31,
      limited: [],
    },
    timeline,
    environment: ENVIRONMENT,
    commit: 'bd2f891c0ffee00000000000000000000000abcd',
  };
}

const OPTIONS = {
  connections: 12_000,
  warmUpSeconds: 5,
  scheme: 'rfc9421-rsa',
  method: 'POST',
  bodyBytes: 600,
  generators: 2,
  fronts: 1,
  workers: 1,
} as const;

const ENVIRONMENT = {
  cpu: 'AMD EPYC 7B13',
  cores: 2,
  memoryMb: 16_014,
  kernel: '6.1.0-28-amd64',
  node: '24.21.0',
  os: 'Debian GNU/Linux 12',
  loadAverage: 0.42,
} as const;

const HICCUP: Percentiles = { p50: 0.06, p90: 0.11, p99: 0.9, p999: 4.2, p9999: 7.9, max: 9.3 };

/** Mulberry32: 0 to below 1. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A log-normal middle with a slow tail; a stall delays whatever falls due within it. */
function buildSamples(
  { seconds = 30, rate = 8_000, slowness = 1, stallMs = 0 }: ResultTraits,
  random: () => number,
): Sample[] {
  const stallAt = seconds / 2;
  const samples: Sample[] = [];
  let due = 0;
  for (;;) {
    due -= Math.log(1 - random()) / rate;
    if (due >= seconds) return samples;
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const tail = random() < 0.02 ? 1 + random() * 14 : 1;
    const actualMs = slowness * 0.9 * Math.exp(normal * 0.45) * tail;
    const heldMs = due < stallAt ? 0 : Math.max(0, stallMs - (due - stallAt) * 1_000);
    samples.push({ dueSeconds: due, intendedMs: actualMs + heldMs, actualMs });
  }
}

function buildTimeline(
  samples: readonly Sample[],
  failed: number,
  seconds: number,
  random: () => number,
): LoadResult['timeline'] {
  const perSecond = <T>(of: (second: number) => T): T[] =>
    Array.from({ length: seconds }, (_, second) => of(second));
  const counts = perSecond(() => UPPER_MS.map(() => 0));
  for (const { dueSeconds, intendedMs } of samples.slice(failed)) {
    counts[Math.floor(dueSeconds)]![bandOf(intendedMs)]! += 1;
  }
  const came = ({ dueSeconds, intendedMs }: Sample) => dueSeconds + intendedMs / 1_000;
  const share = (middle: number) => perSecond(() => middle * (0.94 + random() * 0.12));
  return {
    due: countBySecond(
      samples.map(({ dueSeconds }) => dueSeconds),
      seconds,
    ),
    answered: countBySecond(samples.slice(failed).map(came), seconds),
    errors: countBySecond(samples.slice(0, failed).map(came), seconds),
    openConnections: perSecond(() => OPTIONS.connections),
    rssMb: perSecond(second => 148 + 24 * (1 - Math.exp(-second / 6)) + random() * 2),
    cpuByThread: {
      main: share(0.01),
      'front-1': share(0.34),
      'front-1-worker-1': share(0.27),
    },
    heat: { upperMs: UPPER_MS, counts },
  };
}

/** What lies after the last second is in none. */
function countBySecond(times: readonly number[], seconds: number): number[] {
  const counts = Array.from({ length: seconds }, () => 0);
  for (const time of times) if (time < seconds) counts[Math.floor(time)]! += 1;
  return counts;
}

function bandOf(ms: number): number {
  const band = UPPER_MS.findIndex(upper => ms <= upper);
  return band < 0 ? UPPER_MS.length - 1 : band;
}

function buildStages(meanMs: number): LoadResult['stages'] {
  const stage = (share: number) => {
    const mean = meanMs * 0.8 * share;
    const spread = { p50: 0.7, p90: 1.8, p99: 7, p999: 14, p9999: 19, max: 22 };
    return { ...scaled(spread, mean), meanMs: mean };
  };
  const entries = Object.entries(STAGE_SHARES).map(([name, share]) => [name, stage(share)]);
  return { ...Object.fromEntries(entries), total: stage(0.96) };
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

/** The value that `percentile` percent of the sorted ones do not exceed; 0 of none. */
function valueAt(values: Float64Array, percentile: number): number {
  const rank = Math.ceil((percentile / 100) * values.length - 1e-9);
  return values[Math.max(1, rank) - 1] ?? 0;
}

function percentilesOf(values: Float64Array): Percentiles {
  return {
    p50: valueAt(values, 50),
    p90: valueAt(values, 90),
    p99: valueAt(values, 99),
    p999: valueAt(values, 99.9),
    p9999: valueAt(values, 99.99),
    max: valueAt(values, 100),
  };
}

/** HdrHistogram's own steps: ten to each halving of the distance to 100. */
function curveOf(values: Float64Array): CurvePoint[] {
  if (values.length === 0) return [];
  const points: CurvePoint[] = [];
  for (let left = 100; left > 10 / values.length; left /= 2) {
    for (let step = 0; step < 10; step++) {
      const percentile = 100 - left * (1 - step / 20);
      points.push({ percentile, ms: valueAt(values, percentile) });
    }
  }
  return [...points, { percentile: 100, ms: valueAt(values, 100) }];
}

function scaled(percentiles: Percentiles, factor: number): Percentiles {
  const entries = Object.entries(percentiles).map(([key, ms]) => [key, ms * factor]);
  return Object.fromEntries(entries);
}
