import { beforeEach, describe, expect, it } from 'vitest';
import { ejectedMax } from '../../../src/data-plane/upstream/outliers.ts';
import { HealthTable, seeded, TargetWorld, upstreamOf } from './target-world.ts';

const outlier = {
  consecutiveFailuresMax: 3,
  ejectionMs: 1_000,
  ejectionMaxMs: 2_500,
  ejectedMaxPercent: 50,
};
const record = upstreamOf([1, 1, 1, 1], { outlier });

let table: HealthTable;
let front: TargetWorld;
let other: TargetWorld;
beforeEach(() => {
  table = new HealthTable();
  table.give(record);
  front = new TargetWorld(table, seeded(1));
  other = new TargetWorld(table, seeded(2), 1);
});

const isUsed = (name: string, world = front) => name in world.shares(record, 200);

describe('a target whose calls fail', () => {
  it.each(['failed-status', 'unreachable', 'timeout', 'protocol'] as const)(
    'in a row with %s is left out, by every front',
    outcome => {
      front.toTarget(record, 'a', outcome, 2);
      expect(isUsed('a')).toBe(true);
      front.toTarget(record, 'a', outcome, 3);
      expect([isUsed('a'), isUsed('a', other)]).toEqual([false, false]);
      expect(front.counters.get('upstream_ejections')).toBe(1);
      expect(front.changes).toEqual(['bank a ejected']);
      expect(front.counters.get('upstream_health_unshared')).toBe(0);
    },
  );

  it('is counted over all fronts together', () => {
    front.toTarget(record, 'a', 'timeout', 2);
    other.toTarget(record, 'a', 'timeout', 1);
    expect([isUsed('a'), isUsed('a', other)]).toEqual([false, false]);
  });

  it('now and then stays, as does one whose calls are given up or not sent', () => {
    for (let i = 0; i < 5; i++) {
      front.toTarget(record, 'a', 'timeout', 2);
      front.toTarget(record, 'a', 'answered', 1);
      front.toTarget(record, 'b', 'cancelled', 3);
      front.toTarget(record, 'c', 'saturated', 3);
    }
    expect(front.counters.get('upstream_ejections')).toBe(0);
  });

  it('comes back by itself', () => {
    front.toTarget(record, 'a', 'timeout', 3);
    table.clock.pass(999);
    expect(isUsed('a')).toBe(false);
    table.clock.pass(1);
    expect(isUsed('a')).toBe(true);
  });

  it('is left out for longer each time, up to the longest', () => {
    const outFor: number[] = [];
    for (let time = 0; time < 4; time++) {
      front.toTarget(record, 'a', 'timeout', 3);
      let ms = 0;
      for (; !isUsed('a'); ms += 100) table.clock.pass(100);
      outFor.push(ms);
    }
    expect(outFor).toEqual([1_000, 2_000, 2_500, 2_500]);
  });

  it('makes good what was by working', () => {
    front.toTarget(record, 'a', 'timeout', 3);
    table.clock.pass(1_000);
    front.toTarget(record, 'a', 'timeout', 3);
    table.clock.pass(2_000 + 1_000);
    front.toTarget(record, 'a', 'timeout', 3);
    table.clock.pass(1_999);
    expect(isUsed('a')).toBe(false);
    table.clock.pass(1);
    expect(isUsed('a')).toBe(true);
  });

  it('comes back with a small share where it starts slowly', () => {
    const slow = upstreamOf([1, 1], { outlier, slowStartMs: 10_000 });
    front.toTarget(slow, 'a', 'timeout', 3);
    table.clock.pass(1_000);
    const share = (front.shares(slow, 4_000).a ?? 0) / 4_000;
    expect(share).toBeGreaterThan(0.05);
    expect(share).toBeLessThan(0.15);
  });
});

describe('ejectedMaxPercent', () => {
  it('keeps others in, whichever front would leave them out', () => {
    for (const name of ['a', 'b', 'c']) {
      (name === 'b' ? other : front).toTarget(record, name, 'timeout', 3);
    }
    expect(Object.keys(front.shares(record, 400)).sort()).toEqual(['c', 'd']);
    expect(front.counters.get('upstream_ejections_capped')).toBe(1);
  });

  it.each([
    [1, 100, 0],
    [2, 0, 1],
    [2, 100, 1],
    [3, 50, 1],
    [10, 50, 5],
    [64, 100, 63],
  ])('of %i targets with %i percent leaves out at most %i', (targets, percent, max) => {
    expect(ejectedMax(targets, percent)).toBe(max);
  });

  it('never leaves out the only target', () => {
    const alone = upstreamOf([1], { outlier });
    for (let i = 0; i < 10; i++) front.call(alone, 'timeout');
    expect(front.counters.get('upstream_ejections')).toBe(0);
  });
});

describe('the calls in flight to a target', () => {
  it('are known over all fronts', () => {
    const [one, two] = [front, other].map(world => world.choose(record));
    const inFlight = () => {
      return ['a', 'b', 'c', 'd'].map(name => table.view().target('bank', name, 1)!.callsInFlight);
    };
    const sum = () => inFlight().reduce((total, count) => total + count, 0);
    expect(sum()).toBe(2);
    front.directory.settle(record, one!, 'answered');
    expect(inFlight()['abcd'.indexOf(two!.host[0]!)]).toBe(1);
    other.directory.settle(record, two!, 'cancelled');
    expect(sum()).toBe(0);
  });
});

describe('a thread that ended while it left a target out', () => {
  it('keeps the others from it for a second only', () => {
    table
      .view()
      .circuit(record.id)!
      .claimEjection(table.clock.monotonicMs() + 1);
    front.toTarget(record, 'a', 'timeout', 3);
    expect(isUsed('a')).toBe(true);
    table.clock.pass(1_000);
    front.toTarget(record, 'a', 'timeout', 3);
    expect(isUsed('a')).toBe(false);
  });
});

describe('an upstream that has no place in the table', () => {
  it('is watched by each front alone', () => {
    const placeless = { ...record, id: 'placeless' };
    front.toTarget(placeless, 'a', 'timeout', 3);
    expect('a' in front.shares(placeless, 200)).toBe(false);
    expect('a' in other.shares(placeless, 200)).toBe(true);
    // Four targets and the upstream itself.
    expect(front.counters.get('upstream_health_unshared')).toBe(5);
  });
});
