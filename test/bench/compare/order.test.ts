import { describe, expect, it } from 'vitest';
import { shuffledRounds } from '../../../bench/compare/order.ts';

const CASES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

describe('order of the cases', () => {
  it('has every case once in each round', () => {
    for (const round of shuffledRounds(CASES, 20, 7)) expect(round.toSorted()).toEqual(CASES);
  });

  it('is the same for the same seed and another one for another', () => {
    expect(shuffledRounds(CASES, 5, 7)).toEqual(shuffledRounds(CASES, 5, 7));
    expect(shuffledRounds(CASES, 5, 7)).not.toEqual(shuffledRounds(CASES, 5, 8));
  });

  it('lets every case run at every position, and after every other', () => {
    const rounds = shuffledRounds(CASES, 400, 1);
    for (const name of CASES) {
      const positions = new Set(rounds.map(round => round.indexOf(name)));
      const before = new Set(rounds.map(round => round[round.indexOf(name) - 1]));
      expect(positions.size, name).toBe(CASES.length);
      expect(before.size, name).toBe(CASES.length);
    }
  });
});
