import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LimitRule } from '../../../../src/stores/limit-contract.ts';
import { eventually } from '../../../support/eventually.ts';
import { hasRedis, RedisServer } from '../../../support/redis.ts';
import { aLimit, type LimitClocks, limitStoreSuite } from '../../limit-store-suite.ts';
import { RedisLimits } from './redis-limits.ts';

const rate = (perSecond: number, burst: number): LimitRule => ({ kind: 'rate', perSecond, burst });
const ofDay = (max: number): LimitRule => ({ kind: 'quota', window: 'day', max });
const calls = (max: number): LimitRule => ({ kind: 'concurrency', max });

const TIMEOUT_MS = 500;

let server: RedisServer;
let opened: RedisLimits[] = [];

async function aHost(clocks?: LimitClocks, timeoutMs?: number): Promise<RedisLimits> {
  const host = new RedisLimits(server, clocks, timeoutMs);
  opened.push(host);
  await host.connection.start();
  return host;
}

// Where Redis is not installed.
describe.skipIf(!hasRedis)('limits in Redis', () => {
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(() => {
    for (const host of opened) host.close();
    opened = [];
  });
  afterAll(() => server.dispose());

  limitStoreSuite('Redis', async clocks => (await aHost(clocks)).store);

  describe('of two hosts', () => {
    let first: RedisLimits;
    let second: RedisLimits;

    beforeEach(async () => {
      [first, second] = [await aHost(), await aHost()];
    });

    it('are one, and each turn of the loop is one round trip', async () => {
      const limits = [aLimit(ofDay(30)), aLimit(calls(1_000)), aLimit(rate(1_000, 1_000))];
      const taken = await Promise.all([
        first.takesOf(40, ...limits),
        second.takesOf(40, ...limits),
      ]);
      expect(taken[0]! + taken[1]!).toBe(30);
      // One of them is the attach.
      expect(first.counters.get('redis_round_trips')).toBe(2);
      expect(first.counters.get('redis_batch_items')).toBe(40);
      expect(first.counters.get('limits_decided_by_host')).toBe(0);
    });

    it('give back to each other', async () => {
      const limit = aLimit(calls(1));
      const claim = await first.claim(limit);
      expect(claim.refusedBy).toBeUndefined();
      expect(await second.takes(limit)).toBe(false);
      first.store.release(claim);
      await eventually(() => second.takes(limit)).toBe(true);
    });

    it('take more at once than a script decides', async () => {
      expect(await first.takesOf(1_000, aLimit(ofDay(700)))).toBe(700);
      expect(first.counters.get('redis_round_trips')).toBe(1 + 4);
    });

    it('do not count the calls of a front that is gone', async () => {
      const limit = aLimit(calls(2));
      expect(await first.takesOf(2, limit)).toBe(2);
      expect(await second.takes(limit)).toBe(false);
      first.close();
      expect(await second.takes(limit)).toBe(false);
      const holders = (await server.run('KEYS', '{xingyun}:holder:*')) as string[];
      for (const holder of holders) await server.run('PEXPIRE', holder, '1');
      // The one that is there makes itself known again; what it has in flight counts.
      await eventually(() => second.takesOf(3, limit)).toBe(2);
    });

    it('go on after scripts were flushed', async () => {
      await server.run('SCRIPT', 'FLUSH');
      expect(await first.takes(aLimit(ofDay(1)))).toBe(true);
      expect(first.reports).toEqual([]);
    });

    it('stay used up on a host that used them up alone where Redis lost its count', async () => {
      const [day, flying] = [aLimit(ofDay(3)), aLimit(calls(2))];
      expect(await first.takesOf(5, day)).toBe(3);
      await server.run('FLUSHALL');
      await first.takes(aLimit(ofDay(1)));
      await eventually(() => first.connection.isUp).toBe(true);
      const refused = await first.claim(day, flying);
      expect(refused).toMatchObject({ refusedBy: day, tightest: day, remaining: 0 });
      expect(refused.waitMs).toBeGreaterThan(0);
      // What it holds of others is given back.
      await eventually(() => second.takesOf(2, flying)).toBe(2);
    });

    it('are told anew what is in flight after Redis was emptied', async () => {
      const limit = aLimit(calls(3));
      const claim = await first.claim(limit);
      expect(await first.takesOf(1, limit)).toBe(1);
      await server.run('FLUSHALL');
      const other = aLimit(ofDay(1_000_000));
      await first.takes(other);
      await eventually(() => first.reports.length).toBe(2);
      expect(await second.takesOf(5, limit)).toBe(1);
      first.store.release(claim);
      await eventually(() => second.takes(limit)).toBe(true);
    });
  });

  it('that are used up are not asked for until they may have something again', async () => {
    const clocks = { nowMs: 0, wallMs: Date.UTC(2026, 10, 30, 12) };
    const host = await aHost(clocks);
    const [slow, day] = [aLimit(rate(10, 1)), aLimit(ofDay(1))];
    expect([await host.takes(slow), await host.takes(day)]).toEqual([true, true]);
    const [first, ofDayFirst] = [await host.claim(slow), await host.claim(day)];
    const asked = host.counters.get('redis_batch_items');
    clocks.nowMs += 40;
    clocks.wallMs += 400;
    const [again, ofDayAgain] = [await host.claim(slow), await host.claim(day)];
    expect(again).toMatchObject({ refusedBy: slow, tightest: slow, remaining: 0 });
    expect([again.waitMs, again.resetMs]).toEqual([first.waitMs - 40, first.resetMs - 40]);
    expect(ofDayAgain.waitMs).toBe(ofDayFirst.waitMs - 400);
    expect(host.counters.get('redis_batch_items')).toBe(asked);
    expect(host.counters.get('limits_refused_unasked')).toBe(2);
    // Others have other terms, and whoever shares no limit with them is taken.
    expect(await host.takes(aLimit(rate(10, 2), { key: slow.key }))).toBe(true);
    expect(await host.takes(aLimit(calls(1), { key: slow.key }))).toBe(true);
    clocks.nowMs += 161;
    clocks.wallMs += 1_000;
    expect([await host.takes(slow), await host.takes(day)]).toEqual([true, false]);
    expect(host.counters.get('limits_refused_unasked')).toBe(2);
  });

  it('have windows that begin and end as the calendar says', async () => {
    const clocks = { nowMs: 0, wallMs: 0 };
    const host = await aHost(clocks);
    const [min, max] = [new Date('2024-01-01'), new Date('2120-01-01')];
    const times = fc.date({ min, max, noInvalidDate: true });
    await fc.assert(
      fc.asyncProperty(times, async date => {
        clocks.wallMs = date.getTime();
        const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
        const ofMonth = aLimit({ kind: 'quota', window: 'month', max: 1 });
        const { resetMs } = await host.claim(ofMonth);
        expect(clocks.wallMs + resetMs).toBe(Date.UTC(year, month + 1, 1));
        const { resetMs: ofDayMs } = await host.claim(aLimit(ofDay(1)));
        expect(clocks.wallMs + ofDayMs).toBe(Date.UTC(year, month, day + 1));
      }),
      { numRuns: 100 },
    );
  });
});

// Where Redis is not installed.
describe.skipIf(!hasRedis)('limits whose Redis', () => {
  let host: RedisLimits;

  beforeEach(async () => {
    server = await RedisServer.start();
    host = await aHost();
  });
  afterEach(async () => {
    for (const each of opened) each.close();
    opened = [];
    await server.dispose();
  });

  it('is gone are held by the host, which says so once, and by Redis when it is back', async () => {
    const [limit, flying] = [aLimit(ofDay(10)), aLimit(calls(5))];
    expect(await host.takesOf(4, limit)).toBe(4);
    await server.kill();
    await eventually(() => host.connection.isUp).toBe(false);
    const claim = await host.claim(flying);
    expect(await host.takesOf(3, limit)).toBe(3);
    expect(host.counters.get('limits_decided_by_host')).toBe(4);
    expect(host.reports).toHaveLength(1);
    await server.boot();
    await eventually(() => host.connection.isUp).toBe(true);
    expect(host.reports).toEqual([expect.any(String), undefined]);
    // This Redis wrote nothing to its disk; what was taken in between it is told.
    const other = await aHost();
    expect(await other.takesOf(20, limit)).toBe(7);
    expect(await other.takesOf(9, flying)).toBe(4);
    host.store.release(claim);
    await eventually(() => other.takes(flying)).toBe(true);
  });

  it('stands still are decided in time, and never charged twice', async () => {
    const limit = aLimit(ofDay(100));
    expect(await host.takes(limit)).toBe(true);
    host.close();
    host = await aHost(undefined, TIMEOUT_MS);
    server.freeze();
    const startedMs = performance.now();
    expect(await host.takesOf(7, limit)).toBe(7);
    expect(performance.now() - startedMs).toBeGreaterThan(TIMEOUT_MS - 50);
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS + 1_000);
    expect(host.counters.get('redis_timeouts')).toBe(1);
    expect(host.connection.isUp).toBe(false);
    const laterMs = performance.now();
    expect(await host.takes(limit)).toBe(true);
    expect(performance.now() - laterMs).toBeLessThan(TIMEOUT_MS - 100);
    server.thaw();
    await eventually(() => host.connection.isUp).toBe(true);
    const { remaining } = await host.claim(limit);
    // Whether it still carried out what it was asked when it stood still is its secret.
    expect([100 - 3 - 7, 100 - 3]).toContain(remaining);
  });

  it('has answered while this thread paused has answered in time', async () => {
    host.close();
    host = await aHost(undefined, TIMEOUT_MS);
    const limit = aLimit(ofDay(9));
    await host.takes(limit);
    const taken = host.takes(limit);
    // Until it is on its way.
    for (let turn = 0; turn < 2; turn++) await new Promise(resolve => setImmediate(resolve));
    const untilMs = performance.now() + 2 * TIMEOUT_MS;
    while (performance.now() < untilMs);
    expect(await taken).toBe(true);
    expect(host.counters.get('redis_timeouts')).toBe(0);
    expect(host.counters.get('limits_decided_by_host')).toBe(0);
  });

  it('is not there at the start is waited for', async () => {
    await server.kill();
    const late = new RedisLimits(server);
    opened.push(late);
    await late.connection.start();
    expect(late.connection.isUp).toBe(false);
    expect(await late.takes(aLimit(rate(1, 1)))).toBe(true);
    await server.boot();
    await eventually(() => late.connection.isUp).toBe(true);
  });
});
