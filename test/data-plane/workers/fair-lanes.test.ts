import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../../src/core/check.ts';
import { FairLanes, QUANTUM_MICROS } from '../../../src/data-plane/workers/fair-lanes.ts';
import { keyEntry, TestCheck } from './signed-checks.ts';

const EVERYTHING = {
  itemsMax: 1_000_000,
  costMaxMicros: Infinity,
  aloneAboveMicros: Infinity,
  bytesMax: Infinity,
};
const MATERIAL = Buffer.of(1);

/** The cost is the base's length, so that each check chooses its own. */
const byBase = { microsOf: (check: Check) => check.base.length };
const checkOf = (app: string, micros = 1) =>
  new TestCheck(keyEntry(app, 'ed25519', MATERIAL), { base: 'x'.repeat(micros) });
const appsOf = (checks: readonly Check[]) => checks.map(check => check.entry.app.id).join('');

function filled(queueMax: number, apps: string) {
  const lanes = new FairLanes(queueMax, byBase);
  for (const app of apps) lanes.admit(checkOf(app));
  return lanes;
}

describe('fair lanes', () => {
  it('give checks of one app in the order in which they came', () => {
    const lanes = new FairLanes(100, byBase);
    const checks = Array.from({ length: 40 }, () => checkOf('a', 30));
    for (const check of checks) expect(lanes.admit(check)).toBeUndefined();
    const bounds = { ...EVERYTHING, itemsMax: 7 };
    const taken: Check[] = [];
    while (lanes.length > 0) taken.push(...lanes.take(bounds));
    expect(taken).toEqual(checks);
    expect(lanes.laneCount).toBe(0);
  });

  it('share the time between apps whatever a check of theirs costs', () => {
    const lanes = new FairLanes(10_000, byBase);
    for (let i = 0; i < 200; i++) lanes.admit(checkOf('slow', 1_500));
    for (let i = 0; i < 9_000; i++) lanes.admit(checkOf('fast', 30));
    const spent = { slow: 0, fast: 0 };
    for (let batch = 0; batch < 60; batch++) {
      for (const check of lanes.take({ ...EVERYTHING, costMaxMicros: 2_500 })) {
        spent[check.entry.app.id as keyof typeof spent] += check.base.length;
      }
      // Neither is ever ahead by more than one of its checks and a turn.
      expect(Math.abs(spent.slow - spent.fast)).toBeLessThan(1_500 + 2 * QUANTUM_MICROS);
    }
    expect(spent.slow).toBeGreaterThan(40_000);
  });

  it('serve a newcomer after at most one turn of every app before it', () => {
    const lanes = new FairLanes(10_000, byBase);
    for (let i = 0; i < 500; i++) for (const app of 'abcdefgh') lanes.admit(checkOf(app, 50));
    lanes.take({ ...EVERYTHING, itemsMax: 3 });
    lanes.admit(checkOf('z', 50));
    const next = appsOf(lanes.take({ ...EVERYTHING, itemsMax: 100 }));
    expect(next.indexOf('z')).toBeGreaterThan(-1);
    expect(next.indexOf('z')).toBeLessThanOrEqual((8 * QUANTUM_MICROS) / 50);
  });

  it('keep room for 1,024 idle apps and serve any number of them', () => {
    const lanes = new FairLanes(10, byBase);
    const order: string[] = [];
    // Twice round, so that apps whose lanes were let go of come back.
    for (let i = 0; i < 2 * 1_500; i++) {
      const check = checkOf(`app-${i % 1_500}`);
      expect(lanes.admit(check)).toBeUndefined();
      expect(lanes.laneCount).toBe(1);
      order.push(...lanes.take(EVERYTHING).map(({ entry }) => entry.app.id));
      expect(lanes.laneCount).toBe(0);
    }
    expect(order).toEqual(Array.from({ length: 3_000 }, (_, i) => `app-${i % 1_500}`));
  });

  it('let a check beyond every bound go alone', () => {
    const lanes = new FairLanes(10, byBase);
    lanes.admit(checkOf('a', 40_000));
    lanes.admit(checkOf('a', 1));
    const bounds = { ...EVERYTHING, itemsMax: 64, costMaxMicros: 2_500, bytesMax: 1_000 };
    expect(lanes.take(bounds)).toHaveLength(1);
    expect(lanes.take(bounds)).toHaveLength(1);
  });

  it('send what is slow alone, behind what is quick and comes no later', () => {
    const lanes = new FairLanes(100, byBase);
    const bounds = { ...EVERYTHING, aloneAboveMicros: 300 };
    for (let i = 0; i < 4; i++) lanes.admit(checkOf('slow', 750));
    for (const _ of 'four') lanes.admit(checkOf('fast', 30));
    expect(appsOf(lanes.take(bounds))).toBe('fast'.repeat(4));
    expect(appsOf(lanes.take(bounds))).toBe('slow');
    lanes.admit(checkOf('fast', 30));
    // Between two slow ones there is a turn of everybody else.
    expect(appsOf(lanes.take(bounds))).toBe('fast');
    for (let left = 3; left > 0; left--) expect(appsOf(lanes.take(bounds))).toBe('slow');
    expect(lanes.length).toBe(0);
  });

  it('end a batch at each of its bounds', () => {
    const take = (bounds: Partial<typeof EVERYTHING>) =>
      filled(100, 'a'.repeat(50)).take({ ...EVERYTHING, ...bounds }).length;
    expect(take({})).toBe(50);
    expect(take({ itemsMax: 8 })).toBe(8);
    expect(take({ costMaxMicros: 20 })).toBe(20);
    expect(take({ bytesMax: 500 })).toBeLessThan(20);
  });

  it('take the newest of the longest lane for a shorter one when full', () => {
    const lanes = filled(6, 'aaaab');
    const newest = checkOf('a');
    lanes.admit(newest);
    expect(lanes.admit(checkOf('b'))).toBe(newest);
    expect(lanes.length).toBe(6);
    expect(appsOf(lanes.take(EVERYTHING))).toBe('aaaabb');
  });

  it('refuse the arrival whose own lane would be the longest', () => {
    const lanes = filled(6, 'aaaabb');
    const flood = checkOf('a');
    expect(lanes.admit(flood)).toBe(flood);
    const even = filled(4, 'aabb');
    const third = checkOf('a');
    expect(even.admit(third)).toBe(third);
    // Two lanes of one take nothing from each other: nobody would be better off.
    const single = filled(1, 'a');
    const other = checkOf('b');
    expect(single.admit(other)).toBe(other);
  });

  it('keep every promise under random load', () => {
    const arrival = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.nat(400));
    const step = fc.oneof({ weight: 3, arbitrary: arrival }, fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), run),
    );

    /** Keeps a plain list beside the lanes and compares after every step. */
    function run(steps: readonly ([string, number] | number)[], queueMax: number) {
      const lanes = new FairLanes(queueMax, byBase);
      let model: Check[] = [];
      for (const next of steps) {
        if (typeof next === 'number') {
          const taken = lanes.take({ ...EVERYTHING, itemsMax: next });
          expect(taken).toHaveLength(Math.min(next, model.length));
          for (const check of taken) {
            const first = model.find(({ entry }) => entry.app.id === check.entry.app.id);
            expect(check).toBe(first);
            model = model.filter(other => other !== check);
          }
        } else model = arrive(lanes, model, checkOf(next[0], next[1]), queueMax);
        expect(lanes.length).toBe(model.length);
        expect(lanes.laneCount).toBe(new Set(model.map(check => check.entry.app.id)).size);
      }
    }

    function arrive(
      lanes: FairLanes<Check>,
      model: Check[],
      check: Check,
      queueMax: number,
    ): Check[] {
      const of = (app: string) => model.filter(({ entry }) => entry.app.id === app);
      const sizes = [...'abcde'].map(app => of(app).length);
      const longest = Math.max(...sizes);
      const loser = lanes.admit(check);
      if (model.length < queueMax) {
        expect(loser).toBeUndefined();
        return [...model, check];
      }
      if (of(check.entry.app.id).length + 1 >= longest) {
        expect(loser).toBe(check);
        return model;
      }
      const lane = of(loser!.entry.app.id);
      expect(lane).toHaveLength(longest);
      expect(lane.at(-1)).toBe(loser);
      return [...model.filter(other => other !== loser), check];
    }
  });
});
