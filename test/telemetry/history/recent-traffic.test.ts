import { describe, expect, it } from 'vitest';
import { openHistoryStore } from '../../../src/stores/sqlite/index.ts';
import { lastSeconds } from '../../../src/telemetry/history/recent-traffic.ts';
import {
  TrafficHistory,
  type TrafficHistoryOptions,
} from '../../../src/telemetry/history/traffic-history.ts';
import { SomeTraffic } from './some-traffic.ts';

const SECOND = 1_000;
const START = 1_800_000_000_000;

function aHistory(options: Partial<TrafficHistoryOptions> = {}) {
  const store = openHistoryStore(':memory:');
  const history = new TrafficHistory({
    store: () => store,
    reportFailure: () => undefined,
    ...options,
  });
  const traffic = new SomeTraffic(START);
  let now = START;
  const pass = (seconds: number, totalsMs: readonly number[], status = 200) => {
    for (let i = 0; i < seconds; i += 1) {
      traffic.record(totalsMs, status);
      now += SECOND;
      history.add(traffic.sampler.sample(now));
    }
  };
  const setBack = (seconds: number) => {
    now -= seconds * SECOND;
  };
  return { history, pass, setBack, store, nowMs: () => now };
}

describe('the last seconds', () => {
  it('are told at once, with their percentiles', () => {
    const { history, pass } = aHistory();
    pass(30, [1]);
    pass(10, [1, 100], 503);
    const ten = lastSeconds(history, 10)!;
    expect(ten).toMatchObject({ exchanges: 20, good: 0, failed: 20, seconds: 10 });
    expect(ten.shareAbove(50)).toBe(0.5);
    expect(ten.quantileMs(0.99)).toBeCloseTo(100, 0);
    expect(lastSeconds(history, 40)).toMatchObject({ exchanges: 50, good: 30, failed: 20 });
  });

  it('are known in every second, however long, once there is as much', () => {
    const { history, pass } = aHistory();
    pass(3_700, [2]);
    for (let n = 0; n < 130; n += 1) {
      pass(1, [2]);
      for (const seconds of [301, 600, 1_800, 3_000, 3_600]) {
        const recent = lastSeconds(history, seconds);
        expect(recent, `${seconds} s at ${n}`).toBeDefined();
        expect(Math.abs(recent!.seconds - seconds)).toBeLessThanOrEqual(31);
        expect(recent!.exchanges).toBe(recent!.seconds);
      }
    }
  });

  it('tell how many took longer than all that is told apart', () => {
    const { history, pass } = aHistory();
    pass(10, [1, 59_000, 61_000, 200_000]);
    const ten = lastSeconds(history, 10)!;
    expect([1_000, 59_500, 60_000].map(ms => ten.shareAbove(ms))).toEqual([0.75, 0.5, 0.5]);
  });

  it('are unknown where the history does not reach back so far', () => {
    const { history, pass } = aHistory();
    expect(lastSeconds(history, 5)).toBeUndefined();
    pass(30, [1]);
    expect(lastSeconds(history, 30)?.exchanges).toBe(30);
    expect(lastSeconds(history, 60)).toBeUndefined();
    expect(lastSeconds(history, 3_600)).toBeUndefined();
  });

  it('are made of minutes where they are many', () => {
    const { history, pass } = aHistory();
    pass(3_700, [2]);
    const hour = lastSeconds(history, 3_600)!;
    expect(Math.abs(hour.exchanges - 3_600)).toBeLessThanOrEqual(60);
    expect(hour.seconds).toBe(hour.exchanges);
    expect(hour.quantileMs(0.5)).toBeCloseTo(2, 2);
  });

  it('have counts alone where nobody asks long ones for durations', () => {
    const { history, pass } = aHistory({ durationsSinceMs: 300_000 });
    pass(700, [50]);
    const ten = lastSeconds(history, 600)!;
    expect(ten.exchanges).toBeGreaterThan(550);
    expect(lastSeconds(history, 300)!.quantileMs(0.5)).toBeCloseTo(50, 1);
    expect(history.since(600_000)[0]!.stages.every(({ count }) => count === 0)).toBe(true);
  });

  it('begin anew where the clock is set back, and none ends before it begins', () => {
    const { history, pass, setBack } = aHistory();
    pass(200, [900]);
    setBack(3_600);
    pass(30, [1]);
    const recent = lastSeconds(history, 30)!;
    expect([recent.exchanges, recent.seconds]).toEqual([30, 29]);
    expect(recent.quantileMs(0.99)).toBeCloseTo(1, 1);
    for (const { fromMs, toMs } of history.since(300_000))
      expect(toMs).toBeGreaterThanOrEqual(fromMs);
  });

  it('are what they were where the clock is set back a little', () => {
    const { history, pass, setBack } = aHistory();
    pass(4_000, [2]);
    setBack(10);
    pass(5, [2]);
    expect(lastSeconds(history, 60)?.exchanges).toBeGreaterThan(50);
    expect(lastSeconds(history, 3_600)?.exchanges).toBeGreaterThan(3_500);
  });

  it('stay as they are while time goes on', () => {
    const { history, pass } = aHistory();
    pass(10, [1]);
    const ten = lastSeconds(history, 10)!;
    pass(10, [500], 503);
    expect(ten.exchanges).toBe(10);
    expect(ten.quantileMs(0.99)).toBeCloseTo(1, 1);
  });

  it('reach back behind a restart', async () => {
    const before = aHistory();
    before.pass(4_000, [3]);
    before.history.flush();
    const after = new TrafficHistory({
      store: () => before.store,
      reportFailure: () => undefined,
    });
    await after.restore(before.nowMs());
    const traffic = new SomeTraffic(before.nowMs());
    traffic.record([3]);
    after.add(traffic.sampler.sample(before.nowMs() + SECOND));
    const hour = lastSeconds(after, 3_600)!;
    expect(hour.exchanges).toBeGreaterThan(3_500);
    expect(hour.quantileMs(0.5)).toBeCloseTo(3, 2);
    expect(lastSeconds(after, 60)).toBeUndefined();
  });
});
