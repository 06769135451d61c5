/** What every driver of limits is held to. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Limit, LimitClaim, LimitRule, LimitStore } from '../../src/stores/limit-contract.ts';

/** Times of a driver that the test moves. */
export interface LimitClocks {
  nowMs: number;
  wallMs: number;
}

export type MakeStore = (clocks: LimitClocks) => LimitStore | Promise<LimitStore>;

let lastKey = 0;

export function aLimit(rule: LimitRule, more: Partial<Limit> = {}): Limit {
  lastKey++;
  return {
    ...{ name: `limit-${lastKey}`, key: `key:${lastKey}`, rule },
    ...{ isOneOfMany: false, place: -1, generation: 0, ...more },
  };
}

export function aClaim(...limits: Limit[]): LimitClaim {
  return {
    ...{ limits, refusedBy: undefined, waitMs: 0, tightest: undefined, remaining: 0, resetMs: 0 },
    settle: () => undefined,
  };
}

const rate = (perSecond: number, burst: number): LimitRule => ({ kind: 'rate', perSecond, burst });
const calls = (max: number): LimitRule => ({ kind: 'concurrency', max });
const ofDay = (max: number): LimitRule => ({ kind: 'quota', window: 'day', max });
const ofMonth = (max: number): LimitRule => ({ kind: 'quota', window: 'month', max });

export function limitStoreSuite(driver: string, make: MakeStore): void {
  let clocks: LimitClocks;
  let store: LimitStore;

  beforeEach(async () => {
    clocks = { nowMs: 5_000_000, wallMs: Date.UTC(2026, 10, 30, 12) };
    store = await make(clocks);
  });

  async function take(claim: LimitClaim): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    claim.settle = resolve;
    if (store.take(claim) === 'later') await promise;
    return claim.refusedBy === undefined;
  }

  const takes = (...limits: Limit[]) => take(aClaim(...limits));

  describe(`limits: ${driver}`, () => {
    it.each([false, true])('take a burst and then the rate (one of many: %s)', async ofMany => {
      const limit = aLimit(rate(10, 3), { isOneOfMany: ofMany });
      const claim = aClaim(limit);
      for (const left of [2, 1, 0]) {
        expect(await take(claim)).toBe(true);
        expect([claim.tightest, claim.remaining]).toEqual([limit, left]);
      }
      expect(claim.resetMs).toBeGreaterThanOrEqual(299);
      expect(await take(claim)).toBe(false);
      expect(claim).toMatchObject({ refusedBy: limit, tightest: limit, remaining: 0 });
      expect(claim.waitMs).toBeGreaterThanOrEqual(99);
      expect(claim.waitMs).toBeLessThanOrEqual(101);
      clocks.nowMs += 101;
      expect([await takes(limit), await takes(limit)]).toEqual([true, false]);
      clocks.nowMs += 10_000;
      expect(await Promise.all([1, 2, 3, 4].map(() => takes(limit)))).toEqual([
        true,
        true,
        true,
        false,
      ]);
    });

    it('take no more than burst + rate * t in any window, whenever calls come', async () => {
      const steps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 });
      const rules = fc.record({
        perSecond: fc.integer({ min: 1, max: 50 }),
        burst: fc.integer({ min: 1, max: 8 }),
      });
      await fc.assert(
        fc.asyncProperty(steps, rules, fc.boolean(), async (waits, rule, isOneOfMany) => {
          const limit = aLimit({ kind: 'rate', ...rule }, { isOneOfMany });
          const taken: number[] = [];
          for (const waitMs of waits) {
            clocks.nowMs += waitMs;
            if (await takes(limit)) taken.push(clocks.nowMs);
          }
          for (const [from, startMs] of taken.entries()) {
            for (const [to, endMs] of taken.entries()) {
              if (to < from) continue;
              const most = rule.burst + (rule.perSecond * (endMs - startMs)) / 1_000;
              expect(to - from + 1).toBeLessThanOrEqual(most + 1e-6);
            }
          }
        }),
        { numRuns: 60 },
      );
    });

    it('count calls in flight until they are released', async () => {
      const limit = aLimit(calls(2));
      const [first, second, third] = [aClaim(limit), aClaim(limit), aClaim(limit)];
      expect([await take(first), await take(second), await take(third)]).toEqual([
        true,
        true,
        false,
      ]);
      expect(third).toMatchObject({ refusedBy: limit, waitMs: 0, tightest: undefined });
      store.release(first);
      expect(await take(third)).toBe(true);
      expect(await takes(limit)).toBe(false);
      store.release(second);
      store.release(third);
      expect(await takes(limit)).toBe(true);
    });

    it('count a day and a month of UTC, and begin anew with the next', async () => {
      const [day, month] = [aLimit(ofDay(2)), aLimit(ofMonth(3))];
      const claim = aClaim(day, month);
      expect([await take(claim), await take(claim)]).toEqual([true, true]);
      expect(await take(claim)).toBe(false);
      expect(claim).toMatchObject({ refusedBy: day, waitMs: 12 * 3_600_000, remaining: 0 });
      // The last day of November: both begin anew.
      clocks.wallMs += 12 * 3_600_000;
      expect([await take(claim), await take(claim), await take(claim)]).toEqual([
        true,
        true,
        false,
      ]);
      clocks.wallMs += 24 * 3_600_000;
      expect([await take(claim), await take(claim)]).toEqual([true, false]);
      expect(claim.refusedBy).toBe(month);
    });

    it('go on with the window they were in where the clock is set back', async () => {
      const day = aLimit(ofDay(1));
      expect(await takes(day)).toBe(true);
      clocks.wallMs -= 24 * 3_600_000;
      expect(await takes(day)).toBe(false);
    });

    it('charge all of a claim or nothing', async () => {
      const fast = aLimit(rate(1, 5));
      const [day, slow, flying] = [aLimit(ofDay(5)), aLimit(rate(1, 1)), aLimit(calls(1))];
      expect(await takes(slow)).toBe(true);
      for (let i = 0; i < 20; i++) expect(await takes(fast, day, flying, slow)).toBe(false);
      const claim = aClaim(fast, day, flying);
      expect(await take(claim)).toBe(true);
      expect(claim).toMatchObject({ tightest: fast, remaining: 4 });
      expect(await takes(flying)).toBe(false);
    });

    it('tell the limit with the smallest share left', async () => {
      const [wide, narrow] = [aLimit(rate(1, 100)), aLimit(ofDay(4))];
      const claim = aClaim(wide, narrow);
      expect(await take(claim)).toBe(true);
      expect(claim).toMatchObject({ tightest: narrow, remaining: 3 });
    });

    it('of the same key are one, whoever made them, and go on under new terms', async () => {
      const key = 'shared-key';
      const before = aLimit(rate(1, 2), { key });
      expect([await takes(before), await takes(before)]).toEqual([true, true]);
      expect(await takes(aLimit(rate(1, 2), { key }))).toBe(false);
      expect(await takes(aLimit(rate(1, 3), { key }))).toBe(true);
      expect(await takes(aLimit(rate(1, 3), { key }))).toBe(false);
    });
  });
}
