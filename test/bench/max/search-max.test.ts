import { describe, expect, it } from 'vitest';
import { judgeProbe } from '../../../bench/max/judge-probe.ts';
import type { Verdict } from '../../../bench/max/max-result.ts';
import { searchMax } from '../../../bench/max/search-max.ts';

const OPTIONS = { lowRate: 1_000, highRate: 16_000, resolution: 0.04, repeats: 3 };

/** Searches in a world where `verdictOf` decides; returns the rates that were run as well. */
async function search(
  verdictOf: (rate: number, timesRun: number) => Verdict,
  options: Partial<typeof OPTIONS> = {},
) {
  const rates: number[] = [];
  const interval = await searchMax({
    ...OPTIONS,
    ...options,
    probe: async (rate, index) => {
      expect(index).toBe(rates.length);
      rates.push(rate);
      return { verdict: verdictOf(rate, rates.filter(each => each === rate).length) };
    },
  });
  return { interval, rates };
}

const upTo = (most: number) => (rate: number) => (rate <= most ? 'passed' : 'failed');

describe('the search for the highest rate', () => {
  it('closes in on it and repeats the answer', async () => {
    const { interval, rates } = await search(upTo(9_300));
    const { passedAll, notPassed, upperVerdict } = interval;
    expect(passedAll).toBeLessThanOrEqual(9_300);
    expect(notPassed).toBeGreaterThan(9_300);
    expect(notPassed! - passedAll).toBeLessThanOrEqual(0.04 * notPassed!);
    expect(upperVerdict).toBe('failed');
    expect(rates.filter(rate => rate === passedAll)).toHaveLength(3);
    expect(interval.failuresBelow).toBe(0);
    expect(rates.length).toBeLessThan(18);
  });

  it('takes a rate back that passes once and not again', async () => {
    const { interval, rates } = await search((rate, timesRun) => {
      if (rate <= 8_000) return 'passed';
      return rate <= 9_300 && timesRun === 1 ? 'passed' : 'failed';
    });
    expect(interval.passedAll).toBeLessThanOrEqual(8_000);
    expect(interval.passedAll).toBeGreaterThan(7_000);
    expect(interval.notPassed).toBeGreaterThan(8_000);
    expect(rates.filter(rate => rate === interval.passedAll)).toHaveLength(3);
  });

  it('is not misled by a single stall of the machine, and tells of it', async () => {
    const { interval } = await search((rate, timesRun) => {
      if (rate === 1_000 || rate === 8_500) return timesRun === 1 ? 'failed' : 'passed';
      return upTo(9_300)(rate);
    });
    expect(interval.passedAll).toBeGreaterThan(8_900);
    expect(interval.passedAll).toBeLessThanOrEqual(9_300);
    expect(interval.notPassed).toBeGreaterThan(9_300);
    expect(interval.failuresBelow).toBe(2);
  });

  it('says when the highest rate passes, after its repeats', async () => {
    const { interval, rates } = await search(() => 'passed');
    expect(interval).toMatchObject({ passedAll: 16_000, notPassed: undefined });
    expect(rates).toEqual([16_000, 16_000, 16_000]);
  });

  it('says when not even the lowest rate passes', async () => {
    const { interval, rates } = await search(() => 'failed');
    expect(interval).toMatchObject({ passedAll: 0, notPassed: 1_000 });
    expect(rates).toEqual([16_000, 1_000, 1_000]);
    const flaky = await search((rate, timesRun) =>
      rate === 1_000 && timesRun === 1 ? 'passed' : 'failed',
    );
    expect(flaky.interval).toMatchObject({ passedAll: 0, notPassed: 1_000 });
  });

  it('marks an upper end at which the generator may have been the limit', async () => {
    const { interval } = await search(rate => (rate <= 5_000 ? 'passed' : 'undecided'));
    expect(interval.upperVerdict).toBe('undecided');
    expect(interval.passedAll).toBeLessThanOrEqual(5_000);
  });
});

describe('a run', () => {
  const generator = {
    lag: { p50: 0, p90: 0, p99: 1, p999: 1, p9999: 1, max: 1 },
    ...{ cpuMicrosPerRequest: 30, cpuShareMax: 0.3, limited: [] as string[] },
  };
  const good = { p99: 49.9, p999: 99.9, errors: {}, missedSends: 0, generator };

  it('passes with both percentiles below the limits, and nothing wrong or left out', () => {
    expect(judgeProbe(good)).toBe('passed');
    expect(judgeProbe({ ...good, p99: 50 })).toBe('failed');
    expect(judgeProbe({ ...good, p999: 100 })).toBe('failed');
    expect(judgeProbe({ ...good, errors: { reset: 1 } })).toBe('failed');
    expect(judgeProbe({ ...good, missedSends: 1 })).toBe('failed');
  });

  it('says nothing where the generator was the limit, unless it passes all the same', () => {
    const limited = { ...generator, limited: ['late'] };
    expect(judgeProbe({ ...good, generator: limited })).toBe('passed');
    expect(judgeProbe({ ...good, p99: 80, generator: limited })).toBe('undecided');
  });
});
