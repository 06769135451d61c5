import { describe, expect, it } from 'vitest';
import { Arrivals, arrivalsOfRun, countArrivals } from '../../../bench/load/arrivals.ts';
import { Random } from '../../../bench/load/random.ts';

const OPTIONS = { rate: 1_000, durationMs: 100_000, rampMs: 0, seed: 7, stream: 0 };

function schedule(options: typeof OPTIONS): number[] {
  const arrivals = new Arrivals(options);
  const due: number[] = [];
  while (arrivals.nextMs !== Number.POSITIVE_INFINITY) {
    due.push(arrivals.nextMs);
    arrivals.advance();
  }
  return due;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  const middle = mean(values);
  return mean(values.map(value => (value - middle) ** 2));
}

describe('arrivals', () => {
  it('are a Poisson process: exponential gaps, and as much variance in counts as mean', () => {
    const due = schedule(OPTIONS);
    const gaps = due.map((at, i) => at - (due[i - 1] ?? 0));
    // 100,000 gaps of 1 ms: the standard error of their mean is 0.3 %.
    expect(mean(gaps)).toBeCloseTo(1, 1);
    expect(variance(gaps)).toBeGreaterThan(0.96);
    expect(variance(gaps)).toBeLessThan(1.04);
    // An exponential gap is longer than its mean with probability 1/e.
    expect(gaps.filter(gap => gap > 1).length / gaps.length).toBeCloseTo(Math.exp(-1), 1);
    const perTenth = new Array(1_000).fill(0);
    for (const at of due) perTenth[Math.floor(at / 100)] += 1;
    expect(variance(perTenth) / mean(perTenth)).toBeGreaterThan(0.85);
    expect(variance(perTenth) / mean(perTenth)).toBeLessThan(1.15);
  });

  it('do not depend on each other: a gap says nothing of the next', () => {
    const due = schedule(OPTIONS);
    const gaps = due.map((at, i) => at - (due[i - 1] ?? 0));
    const products = gaps.slice(1).map((gap, i) => (gap - 1) * (gaps[i]! - 1));
    expect(Math.abs(mean(products))).toBeLessThan(0.02);
  });

  it('are the same for the same seed and others for another seed or stream', () => {
    const short = { ...OPTIONS, durationMs: 1_000 };
    expect(schedule(short)).toEqual(schedule(short));
    expect(schedule({ ...short, seed: 8 })).not.toEqual(schedule(short));
    expect(schedule({ ...short, stream: 1 })).not.toEqual(schedule(short));
  });

  it('rise evenly in the first half of the warm-up', () => {
    const times = { rate: 10_000, warmUpMs: 20_000, measuredMs: 5_000, seed: 7, stream: 0 };
    const due = schedule(arrivalsOfRun(times));
    const between = (fromMs: number, toMs: number) =>
      due.filter(at => at >= fromMs && at < toMs).length;
    // Half the rate on average, a quarter of the ramp's arrivals in its first half.
    expect(between(0, 10_000) / 50_000).toBeCloseTo(1, 1);
    expect(between(0, 5_000) / 12_500).toBeCloseTo(1, 1);
    expect(between(10_000, 20_000) / 100_000).toBeCloseTo(1, 1);
    expect(between(20_000, 25_000) / 50_000).toBeCloseTo(1, 1);
  });

  it('are counted before the run exactly', () => {
    expect(countArrivals(OPTIONS)).toBe(schedule(OPTIONS).length);
    expect(schedule(OPTIONS).at(-1)).toBeLessThan(OPTIONS.durationMs);
  });
});

describe('random numbers', () => {
  it('are spread evenly, whatever the seed', () => {
    for (const seed of [0, 1, 4_294_967_295]) {
      const random = new Random(seed);
      const hits = new Array(10).fill(0);
      for (let i = 0; i < 100_000; i++) hits[random.below(10)] += 1;
      expect(Math.min(...hits)).toBeGreaterThan(9_600);
      expect(Math.max(...hits)).toBeLessThan(10_400);
      const units = Array.from({ length: 10_000 }, () => random.unit());
      expect(Math.min(...units)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...units)).toBeLessThan(1);
      expect(mean(units)).toBeCloseTo(0.5, 1);
    }
  });

  it('are those that xoshiro128** is published with', () => {
    // From the state 1, 2, 3, 4; the first values of the reference implementation.
    const random = new Random(0);
    Object.assign(random, { state: Uint32Array.of(1, 2, 3, 4) });
    expect([random.bits(), random.bits(), random.bits()]).toEqual([11_520, 0, 5_927_040]);
  });
});
