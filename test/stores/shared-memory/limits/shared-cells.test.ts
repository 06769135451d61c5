/** More limits than there are cells: what they share, and what becomes of it when there is room. */
import { describe, expect, it } from 'vitest';
import { CounterSet } from '../../../../src/core/counters.ts';
import type { Limit, LimitRule } from '../../../../src/stores/limit-contract.ts';
import { createLimitShared, SharedLimitStore } from '../../../../src/stores/shared-memory/index.ts';
import { aClaim, aLimit } from '../../limit-store-suite.ts';

const SKETCH = 1_024;
const DAY_MS = 86_400_000;

function storesOf(cells: number, fronts = 1) {
  const clocks = { nowMs: 100_000, wallMs: Date.UTC(2026, 10, 10, 12) };
  const shared = createLimitShared(fronts, cells, SKETCH);
  const views = { nowMs: () => clocks.nowMs, wallMs: () => clocks.wallMs };
  const stores = Array.from(
    { length: fronts },
    (_, front) => new SharedLimitStore(shared, { front, counters: new CounterSet(), ...views }),
  );
  return { clocks, stores, store: stores[0]! };
}

function takes(store: SharedLimitStore, limit: Limit): boolean {
  const claim = aClaim(limit);
  store.take(claim);
  return claim.refusedBy === undefined;
}

const takenOf = (tries: number, store: SharedLimitStore, limit: Limit) =>
  Array.from({ length: tries }, () => takes(store, limit)).filter(isTaken => isTaken).length;

describe('a limit that shares a cell', () => {
  it('is counted in one place, where others of its key come once there is room', () => {
    const { stores } = storesOf(2, 2);
    const [first, second] = stores as [SharedLimitStore, SharedLimitStore];
    const rule: LimitRule = { kind: 'concurrency', max: 3 };
    const owners = [aLimit(rule), aLimit(rule)];
    for (const owner of owners) expect(takes(first, owner)).toBe(true);
    const [one, other] = [aLimit(rule, { key: 'late' }), aLimit(rule, { key: 'late' })];
    expect(takenOf(5, first, one)).toBe(2);
    const [beside, home] = owners[0]!.place === one.place ? owners.toReversed() : owners;
    first.release(aClaim(beside!));
    expect(takes(second, other)).toBe(false);
    expect(takes(first, one)).toBe(false);
    for (const limit of [home!, one, one]) first.release(aClaim(limit));
    expect([takes(second, other), takes(first, one), takes(second, other)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([takes(first, one), takes(second, other)]).toEqual([false, false]);
  });

  it('has no more than its rate where another one of its key finds room', () => {
    const { clocks, stores } = storesOf(2, 2);
    const [first, second] = stores as [SharedLimitStore, SharedLimitStore];
    const rule: LimitRule = { kind: 'rate', perSecond: 0.01, burst: 4 };
    const short: LimitRule = { kind: 'rate', perSecond: 1, burst: 1 };
    const owners = [aLimit(short), aLimit(short)];
    for (const owner of owners) expect(takes(first, owner)).toBe(true);
    const [one, other] = [aLimit(rule, { key: 'late' }), aLimit(rule, { key: 'late' })];
    expect(takenOf(9, first, one)).toBe(3);
    clocks.nowMs += 30_000;
    expect([takenOf(9, second, other), takes(first, one)]).toEqual([1, false]);
  });
});

describe('a day and a month that share a cell', () => {
  const day = () => aLimit({ kind: 'quota', window: 'day', max: 2 });
  const month = () => aLimit({ kind: 'quota', window: 'month', max: 5 });

  it('do not forget what the other has counted', () => {
    const { store } = storesOf(1);
    const [ofDay, ofMonth] = [day(), month()];
    expect(takenOf(3, store, ofDay)).toBe(2);
    expect(takenOf(9, store, ofMonth)).toBe(3);
    expect(takes(store, ofDay)).toBe(false);
  });

  it('begin anew where the month is over, whichever of them comes first', () => {
    const { clocks, store } = storesOf(1);
    const [ofDay, ofMonth] = [day(), month()];
    expect(takenOf(9, store, ofMonth)).toBe(5);
    expect(takes(store, ofDay)).toBe(false);
    clocks.wallMs += 30 * DAY_MS;
    expect(takenOf(3, store, ofDay)).toBe(2);
  });
});
