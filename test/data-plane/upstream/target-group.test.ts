import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TargetClient } from '../../../src/data-plane/upstream/target-client.ts';
import { HealthTable, nameOf, seeded, TargetWorld, upstreamOf } from './target-world.ts';

let table: HealthTable;
let front: TargetWorld;
beforeEach(() => {
  table = new HealthTable();
  front = new TargetWorld(table);
});

describe('a group of one target', () => {
  it('has no choice, even for a call that it has had already', () => {
    const record = upstreamOf([1]);
    const first = front.choose(record);
    expect(front.choose(record, first)).toBe(first);
  });
});

describe('weighted balancing', () => {
  const names = (record: ReturnType<typeof upstreamOf>, calls: number) =>
    Array.from({ length: calls }, () => nameOf(front.choose(record))).join(' ');

  it('takes turns by weight, spread out, whatever is in flight', () => {
    const record = upstreamOf([4, 1, 1], { balancing: 'weighted' });
    expect(names(record, 12)).toBe('a a b a c a a a b a c a');
  });

  it('sends a call a second time to another target', () => {
    const record = upstreamOf([100, 1], { balancing: 'weighted' });
    const first = front.choose(record);
    expect(nameOf(first)).toBe('a');
    for (let i = 0; i < 10; i++) expect(nameOf(front.choose(record, first))).toBe('b');
  });
});

describe('least-request balancing', () => {
  it('draws by weight while nothing is in flight', () => {
    const shares = front.shares(upstreamOf([6, 3, 1]), 10_000);
    expect(shares.a! / 10_000).toBeCloseTo(0.6, 1);
    expect(shares.b! / 10_000).toBeCloseTo(0.3, 1);
    expect(shares.c! / 10_000).toBeCloseTo(0.1, 1);
  });

  it('of two targets always prefers the one with fewer calls for its weight', () => {
    const record = upstreamOf([1, 3]);
    const chosen = Array.from({ length: 400 }, () => front.choose(record));
    expect(chosen.filter(one => nameOf(one) === 'b')).toHaveLength(300);
  });

  it('draws two: the busiest of many gets nothing, the others are not all sent to one', () => {
    const record = upstreamOf(Array(8).fill(1));
    const targets = new Map<string, TargetClient>();
    while (targets.size < 8) {
      const target = front.choose(record);
      front.directory.settle(record, target, 'answered');
      targets.set(nameOf(target), target);
    }
    targets.get('a')!.callsInFlight = 100;
    const shares = front.shares(record, 7_000);
    expect(shares.a).toBeUndefined();
    for (const name of 'bcdefgh') expect(shares[name]! / 1_000).toBeCloseTo(1, 0);
  });

  it('keeps calls near to each other where one target takes ten times as long', () => {
    const record = upstreamOf([1, 1, 1, 1]);
    const waiting: { target: TargetClient; endsAt: number }[] = [];
    const most = { slow: 0, all: 0 };
    for (let tick = 0; tick < 20_000; tick++) {
      while (waiting[0] !== undefined && waiting[0].endsAt <= tick) {
        front.directory.settle(record, waiting.shift()!.target, 'answered');
      }
      const target = front.choose(record);
      const endsAt = tick + (nameOf(target) === 'a' ? 200 : 20);
      waiting.push({ target, endsAt });
      waiting.sort((one, other) => one.endsAt - other.endsAt);
      if (nameOf(target) === 'a') most.slow = Math.max(most.slow, target.callsInFlight);
      most.all = Math.max(most.all, waiting.length);
    }
    // By turns a fourth of the calls would wait there: 50 of them.
    expect(most.slow).toBeLessThan(20);
    expect(most.all).toBeLessThan(60);
  });

  it('never sends a call to the target that it has had, however it is drawn', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2 }),
        fc.nat(),
        (w, seed) => {
          const world = new TargetWorld(table, seeded(seed));
          const record = upstreamOf(w.slice(0, 6));
          const first = world.choose(record);
          for (let i = 0; i < 20; i++) expect(world.choose(record, first)).not.toBe(first);
        },
      ),
    );
  });
});

describe('requestsMax', () => {
  it('bounds the calls in flight to all targets together', () => {
    const record = upstreamOf([1, 1], { requestsMax: 3 });
    const calls = [1, 2, 3].map(() => front.choose(record));
    expect(front.refusal(record)).toMatchObject({ name: 'upstream-saturated', status: 503 });
    front.directory.settle(record, calls[0]!, 'answered');
    expect(front.refusal(record)).toBeUndefined();
    expect(front.counters.get('upstream_requests_refused')).toBe(1);
  });

  it('counts on over a change of targets and settings', () => {
    const before = upstreamOf([1], { requestsMax: 2 });
    front.choose(before);
    const after = { ...upstreamOf([1, 1], { requestsMax: 1 }), queueMax: 1 };
    expect(front.refusal(after)?.name).toBe('upstream-saturated');
  });
});

describe('a target that is down', () => {
  const health = {
    ...{ path: '/', intervalMs: 1_000, timeoutMs: 100 },
    ...{ healthyAfter: 1, unhealthyAfter: 1 },
  };
  const record = upstreamOf([1, 1], { health });
  const setDown = (name: string, isDown: boolean) =>
    table.view().target('bank', name, 1)!.setDown(isDown, table.clock.monotonicMs());
  const used = (world = front) => Object.keys(world.shares(record, 100)).sort().join(' ');

  beforeEach(() => table.give(record));

  it('gets no call from any front until it is up again', () => {
    expect(used()).toBe('a b');
    setDown('a', true);
    expect([used(), used(new TargetWorld(table))]).toEqual(['b', 'b']);
    setDown('a', false);
    expect(used()).toBe('a b');
  });

  it('gets no call that another has failed either', () => {
    setDown('a', true);
    const b = front.choose(record);
    expect(front.choose(record, b)).toBe(b);
  });

  it('that is the only one gets calls all the same, which is counted', () => {
    const alone = upstreamOf([1], { health });
    setDown('a', true);
    expect(used()).toBe('b');
    expect(front.shares(alone, 10)).toEqual({ a: 10 });
    expect(front.counters.get('upstream_panics')).toBe(10);
  });

  it('gets calls where all are down, which is counted', () => {
    setDown('a', true);
    setDown('b', true);
    expect(used()).toBe('a b');
    expect(front.counters.get('upstream_panics')).toBe(100);
    setDown('b', false);
    expect(used()).toBe('b');
    expect(front.counters.get('upstream_panics')).toBe(100);
  });
});

describe('slow start', () => {
  const terms = { slowStartMs: 10_000 };

  it('is not for the targets with which an upstream comes', () => {
    const shares = front.shares(upstreamOf([1, 1], terms), 2_000);
    expect(shares.a! / 1_000).toBeCloseTo(1, 0);
  });

  it('lets the share of a new target grow to its weight', () => {
    front.call(upstreamOf([1], terms));
    table.clock.pass(60_000);
    const grown = upstreamOf([1, 1], terms);
    const shareOfNew = () => (front.shares(grown, 4_000).b ?? 0) / 4_000;
    // A tenth at once: 0.1 of 1.1.
    expect(shareOfNew()).toBeCloseTo(0.09, 1);
    table.clock.pass(5_000);
    expect(shareOfNew()).toBeCloseTo(0.33, 1);
    table.clock.pass(5_000);
    expect(shareOfNew()).toBeCloseTo(0.5, 1);
  });

  it('goes on where the settings of the upstream change meanwhile', () => {
    front.call(upstreamOf([1], terms));
    front.call(upstreamOf([1, 1], terms));
    table.clock.pass(9_000);
    const shares = front.shares({ ...upstreamOf([1, 1], terms), queueMax: 1 }, 4_000);
    expect(shares.b! / 4_000).toBeGreaterThan(0.42);
  });
});
