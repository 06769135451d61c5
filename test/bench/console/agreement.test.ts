import { describe, expect, it } from 'vitest';
import { compareDistributions, disagreements } from '../../../bench/console/agreement.ts';
import type { LoadSamples } from '../../../bench/load/samples.ts';
import { STAGES } from '../../../src/core/stages.ts';
import { percentileCurve, trafficFigures } from '../../../src/telemetry/history/traffic-figures.ts';
import { TrafficSum } from '../../../src/telemetry/history/traffic-slice.ts';
import type { DistributionAnswer } from '../../../src/telemetry/live-frame.ts';

const SINCE_MS = 1_700_000_000_000;
const COUNT = 20_000;
const SPAN_MS = 10_000;

/** The same each time, from 0 to 1. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const exponential = (mean: number, draw: () => number) => -mean * Math.log(1 - draw());

/** Of every half millisecond. */
function samples(micros: readonly number[]): LoadSamples {
  const all = Uint32Array.from(micros);
  return {
    latencyMicros: all,
    sinceSentMicros: all,
    dueMicros: Uint32Array.from(micros, (_, i) => (i * SPAN_MS * 1_000) / micros.length),
  };
}

function answer(micros: readonly number[], fromMs = SINCE_MS, toMs = SINCE_MS + 60_000) {
  const sum = new TrafficSum();
  Object.assign(sum, { fromMs, toMs });
  sum.statuses[2] = micros.length;
  for (const each of micros) sum.stages[STAGES.length - 1]!.record(Math.round(each));
  const traffic = trafficFigures(sum, fromMs, toMs);
  return { traffic, curve: percentileCurve(sum) } satisfies DistributionAnswer;
}

/** Times inside, and ways of calls and of pings, all drawn alike. */
function run(seed: number) {
  const draw = draws(seed);
  const inside = Array.from({ length: COUNT }, () => 300 + exponential(500, draw));
  const ways = Array.from({ length: COUNT }, () => 60 + exponential(100, draw));
  const pings = Array.from({ length: COUNT / 5 }, () => 60 + exponential(100, draw));
  const seen = (way: readonly number[]) => ({
    ...{ calls: [samples(inside.map((micros, i) => micros + way[i]!))], sinceMs: SINCE_MS },
    pings: [samples(pings)],
  });
  return { inside, ways, seen };
}

describe('what is shown beside what callers saw', () => {
  it('agrees where callers wait for the loopback as pings do', () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { inside, ways, seen } = run(seed);
      const agreement = compareDistributions(answer(inside), seen(ways));
      expect(agreement).toMatchObject({ callsOutside: COUNT, callsShown: COUNT });
      expect(agreement.rows.map(({ percentile }) => percentile)).toEqual([50, 90, 99, 99.9]);
      expect(disagreements(agreement)).toEqual([]);
    }
  });

  it('agrees also where the slowest calls have the longest ways', () => {
    const { inside, ways, seen } = run(6);
    const ascending = (values: number[]) => values.sort((a, b) => a - b);
    const ordered = compareDistributions(answer(ascending(inside)), seen(ascending(ways)));
    expect(disagreements(ordered)).toEqual([]);
  });

  it('does not where the console shows half, or leaves out the slow ones', () => {
    const { inside, ways, seen } = run(7);
    const half = compareDistributions(answer(inside.map(micros => micros / 2)), seen(ways));
    expect(disagreements(half)).toHaveLength(4);
    const fast = inside.filter(micros => micros < 1_500);
    const flattered = compareDistributions(answer(fast), seen(ways));
    expect(disagreements(flattered)).toEqual([
      expect.stringContaining('p99 '),
      expect.stringContaining('p99.9 '),
      expect.stringContaining('calls'),
    ]);
  });

  it('does not where the console shows more than callers saw', () => {
    const { inside, ways, seen } = run(8);
    const more = compareDistributions(answer(inside.map(micros => micros * 2)), seen(ways));
    expect(disagreements(more).length).toBeGreaterThan(0);
  });

  it('is of the calls that ended in the span that the console knows of', () => {
    const { inside, ways, seen } = run(9);
    const span = answer(inside, SINCE_MS + 2_000, SINCE_MS + 7_000);
    const { callsOutside, pings } = compareDistributions(span, seen(ways));
    expect(callsOutside).toBeGreaterThan(COUNT / 2 - 5);
    expect(callsOutside).toBeLessThan(COUNT / 2 + 5);
    expect(pings).toBeGreaterThan(COUNT / 10 - 5);
  });
});
