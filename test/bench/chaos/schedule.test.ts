import { describe, expect, it } from 'vitest';
import { planFaults } from '../../../bench/chaos/schedule.ts';

const NAMES = ['a', 'b', 'c', 'd'];

describe('the faults of a run', () => {
  it('come in even steps after a calm one, and the last ends in the run', () => {
    const planned = planFaults(NAMES, 100, 15, 1);
    expect(planned.map(({ atSecond }) => atSecond)).toEqual([15, 30, 45, 60, 75]);
  });

  it('are each there once before one comes again', () => {
    const names = planFaults(NAMES, 1_000, 10, 7).map(({ name }) => name);
    for (let round = 0; round + 4 <= names.length; round += 4) {
      expect(names.slice(round, round + 4).sort()).toEqual(NAMES);
    }
  });

  it('are the same for the same seed, and others for another', () => {
    const ofSeed = (seed: number) => planFaults(NAMES, 1_000, 10, seed);
    expect(ofSeed(3)).toEqual(ofSeed(3));
    expect(ofSeed(3)).not.toEqual(ofSeed(4));
  });
});
