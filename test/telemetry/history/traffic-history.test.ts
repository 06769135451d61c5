import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { openHistoryStore } from '../../../src/stores/sqlite/index.ts';
import { decodeSlice, encodeSlice } from '../../../src/telemetry/history/slice-codec.ts';
import { percentileCurve, trafficFigures } from '../../../src/telemetry/history/traffic-figures.ts';
import { TrafficHistory } from '../../../src/telemetry/history/traffic-history.ts';
import { type TrafficSlice, TrafficSum } from '../../../src/telemetry/history/traffic-slice.ts';
import { SomeTraffic } from './some-traffic.ts';

const SECOND = 1_000;
const START = 1_800_000_000_000;

function figuresOf(...slices: readonly TrafficSlice[]) {
  const sum = new TrafficSum();
  for (const slice of slices) sum.add(slice);
  return trafficFigures(sum, 0, 0);
}

describe('a slice', () => {
  it('has what came since the one before, and nothing else', () => {
    const traffic = new SomeTraffic();
    traffic.record([1, 2, 100]);
    expect(figuresOf(traffic.sampler.sample(SECOND)).latency).toMatchObject({ count: 3, max: 100 });
    traffic.record([5, 5], 503);
    traffic.front.countProblem('overloaded');
    const { latency, ...figures } = figuresOf(traffic.sampler.sample(2 * SECOND));
    expect(latency).toMatchObject({ count: 2, mean: 5 });
    // The longest of all was another: this one is known to three digits.
    for (const ms of [latency.p50, latency.p99, latency.max]) expect(ms).toBeCloseTo(5, 2);
    expect(figures).toMatchObject({ fromMs: SECOND, toMs: 2 * SECOND, exchanges: 2, good: 0 });
    expect(figures.statuses).toMatchObject({ '2xx': 0, '5xx': 2 });
    expect(figures.problems).toEqual({ overloaded: 1 });
    expect(figuresOf(traffic.sampler.sample(3 * SECOND)).exchanges).toBe(0);
  });

  it('counts on where a front has ended', () => {
    const traffic = new SomeTraffic();
    traffic.record([1]);
    traffic.reader.retireFront('front-0');
    expect(figuresOf(traffic.sampler.sample(SECOND)).exchanges).toBe(1);
    expect(figuresOf(traffic.sampler.sample(2 * SECOND)).exchanges).toBe(0);
  });

  it('has stages that add up to the mean total', () => {
    const traffic = new SomeTraffic();
    traffic.record([10, 20]);
    const { stages, elsewhere, latency } = figuresOf(traffic.sampler.sample(SECOND));
    const inStages = stages.slice(0, -1).reduce((sum, { meanOfAll }) => sum + meanOfAll, 0);
    expect(inStages + elsewhere).toBeCloseTo(latency.mean, 2);
    expect(elsewhere).toBeCloseTo(6, 2);
  });

  it('is the same behind its bytes', () => {
    const totals = fc.array(fc.double({ min: 0, max: 90_000, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(totals, fc.constantFrom(0, 200, 404, 503), (each, status) => {
        const traffic = new SomeTraffic();
        traffic.record(each, status);
        traffic.front.countProblem('rate-limited');
        const slice = traffic.sampler.sample(SECOND);
        expect(decodeSlice(encodeSlice(slice))).toEqual(slice);
      }),
    );
  });

  it('cannot be read where bytes are missing', () => {
    const traffic = new SomeTraffic();
    traffic.record([1, 2, 3, 400]);
    const bytes = encodeSlice(traffic.sampler.sample(SECOND));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeSlice(bytes.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('percentiles of a span', () => {
  it('are those of its exchanges, however they are spread over slices', () => {
    const second = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { maxLength: 50 });
    fc.assert(
      fc.property(fc.array(second, { minLength: 1, maxLength: 8 }), seconds => {
        const traffic = new SomeTraffic();
        const sum = new TrafficSum();
        const all = build({ numberOfSignificantValueDigits: 3 });
        seconds.forEach((micros, i) => {
          traffic.record(micros.map(each => Math.fround(each / 1_000)));
          for (const each of micros) {
            all.recordValue(Math.round(Math.fround(each / 1_000) * 1_000));
          }
          sum.add(traffic.sampler.sample((i + 1) * SECOND));
        });
        if (sum.exchanges === 0) return;
        const { latency } = trafficFigures(sum, 0, 0);
        const at = (percentile: number) => all.getValueAtPercentile(percentile) / 1_000;
        expect(latency.p50).toBeCloseTo(Math.min(at(50), latency.max), 2);
        expect(latency.p99).toBeCloseTo(Math.min(at(99), latency.max), 2);
        const curve = percentileCurve(sum).map(({ ms }) => ms);
        expect(curve).toEqual(curve.toSorted((a, b) => a - b));
        expect(curve.at(-1)).toBe(latency.max);
      }),
    );
  });
});

/** A history with a call of `n` ms in its n-th second. */
function historyOf(seconds: number, store = openHistoryStore(':memory:')) {
  const failures: unknown[] = [];
  const history = new TrafficHistory({
    store: () => store,
    reportFailure: error => failures.push(error),
  });
  const traffic = new SomeTraffic(START);
  for (let n = 1; n <= seconds; n += 1) {
    traffic.record([n]);
    history.add(traffic.sampler.sample(START + n * SECOND));
  }
  return { history, failures, store, endMs: START + seconds * SECOND };
}

describe('the history', () => {
  it('tells each second of the last minutes', async () => {
    const { history, endMs } = historyOf(120);
    const rows = await history.rows(endMs - 10 * SECOND, endMs, 10);
    expect(rows.map(({ latency }) => Math.round(latency.p50))).toEqual([
      111, 112, 113, 114, 115, 116, 117, 118, 119, 120,
    ]);
  });

  it('leaves no second out and counts none twice, wherever it comes from', async () => {
    const { history, endMs } = historyOf(1_000);
    for (const [seconds, steps] of [
      [1_000, 10],
      [1_000, 100],
      [600, 10],
      [290, 29],
    ] as const) {
      const rows = await history.rows(endMs - seconds * SECOND, endMs, steps);
      expect(rows).toHaveLength(steps);
      expect(rows.reduce((sum, { exchanges }) => sum + exchanges, 0)).toBe(seconds);
    }
  });

  it('adds up a span to what it was', async () => {
    const { history, endMs } = historyOf(1_000);
    const whole = await history.sumOf(START, endMs);
    expect(trafficFigures(whole, 0, 0).latency).toMatchObject({ count: 1_000, max: 1_000 });
    const part = await history.sumOf(endMs - 100 * SECOND, endMs);
    expect(part.exchanges).toBe(100);
    expect(trafficFigures(part, 0, 0).latency.p50).toBeCloseTo(950, -1);
  });

  it('outlives the process', async () => {
    const { history, store, endMs } = historyOf(95);
    history.flush();
    const next = new TrafficHistory({ store: () => store, reportFailure: () => undefined });
    const sum = await next.sumOf(START, endMs + SECOND);
    expect(sum.exchanges).toBe(95);
  });

  it('lets go of what is older than a day', async () => {
    const store = openHistoryStore(':memory:');
    const history = new TrafficHistory({ store: () => store, reportFailure: () => undefined });
    const traffic = new SomeTraffic(START);
    const minute = 60 * SECOND;
    for (let n = 1; n <= 1_500; n += 1) {
      traffic.record([1]);
      history.add(traffic.sampler.sample(START + n * minute));
    }
    const everything = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10_000 };
    expect(store.read({ tierMs: minute, ...everything }).slices.length).toBeLessThanOrEqual(1_441);
    expect(store.read({ tierMs: 10_000, ...everything }).slices.length).toBeLessThanOrEqual(121);
  });

  it('has what the store did not take, and writes it when it can', async () => {
    const { history, failures, store, endMs } = historyOf(0);
    const append = store.append.bind(store);
    let isFull = false;
    store.append = (...slice) => {
      if (isFull) throw new Error('The disk is full.');
      append(...slice);
    };
    const traffic = new SomeTraffic(endMs);
    const pass = (from: number, to: number) => {
      for (let n = from; n <= to; n += 1) {
        traffic.record([1]);
        history.add(traffic.sampler.sample(START + n * SECOND));
      }
    };
    const counted = async (fromSecond: number, toSecond: number) =>
      (await history.sumOf(START + fromSecond * SECOND, START + toSecond * SECOND)).exchanges;
    pass(1, 400);
    isFull = true;
    pass(401, 650);
    expect(failures.length).toBeGreaterThan(20);
    expect(await counted(0, 650)).toBe(650);
    isFull = false;
    pass(651, 1_000);
    expect(await counted(0, 1_000)).toBe(1_000);
  });

  it('has the last minutes where the store was never written', async () => {
    const store = openHistoryStore(':memory:');
    store.append = () => {
      throw new Error('The disk is full.');
    };
    const { history, endMs } = historyOf(900, store);
    expect((await history.sumOf(endMs - 290 * SECOND, endMs)).exchanges).toBe(290);
  });

  it('ends for nobody who does not wait any more', async () => {
    const { history, store, endMs } = historyOf(2_000);
    let pages = 0;
    const read = store.read.bind(store);
    store.read = query => {
      pages += 1;
      return read(query);
    };
    const left = new AbortController();
    const rows = history.rows(START, endMs, 200, left.signal);
    left.abort(new Error('left'));
    await expect(rows).rejects.toThrow('left');
    expect(pages).toBe(1);
  });

  it('goes on without a store', async () => {
    const failures: unknown[] = [];
    const broken = openHistoryStore(':memory:');
    broken.close();
    const { history, endMs } = historyOf(30, broken);
    expect(failures).toEqual([]);
    const rows = await history.rows(endMs - 10 * SECOND, endMs, 10);
    expect(rows.every(({ exchanges }) => exchanges === 1)).toBe(true);
  });

  it('has rows of nothing where nothing was', async () => {
    const { history, endMs } = historyOf(5);
    const rows = await history.rows(endMs, endMs + 10 * SECOND, 5);
    expect(rows.map(({ exchanges, latency }) => [exchanges, latency.p99])).toEqual(
      Array.from({ length: 5 }, () => [0, 0]),
    );
    expect(rows[1]).toMatchObject({ fromMs: endMs + 2 * SECOND, toMs: endMs + 4 * SECOND });
  });
});
