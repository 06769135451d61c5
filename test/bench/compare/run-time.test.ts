import { expect, it } from 'vitest';
import { validForMs } from '../../../bench/compare/run-time.ts';

const RUN = { rounds: 5, seconds: 5, warmUpSeconds: 6, signedRequests: 176_000 };

it('covers the signing and every round of every case', () => {
  expect(validForMs(RUN, 9)).toBe(176_000 * 1.2 + 5 * 9 * (5 + 6 + 4) * 1_000);
});

it('refuses what takes longer than a signature is good', () => {
  expect(() => validForMs({ ...RUN, rounds: 30 }, 9)).toThrow(
    '30 rounds of 9 cases may take 72 minutes, and signatures are good for one hour',
  );
});
