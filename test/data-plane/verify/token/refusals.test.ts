import { describe, expect, it } from 'vitest';

import { ALGORITHMS, issuerOf, pairOf, TokenBench } from './token-bench.ts';
import { wrongTokens } from './wrong-tokens.ts';

const pairs = await Promise.all(ALGORITHMS.map(alg => pairOf(alg, `key-${alg}`)));
const wrong = await wrongTokens(pairs);

describe('a wrong token', () => {
  const bench = new TokenBench([issuerOf(pairs)]);

  it.each(wrong)('$name: $code', ({ authorization, code }) => {
    expect(bench.verdict(authorization)).toBe(code);
    // And again: nothing of it is remembered.
    expect(bench.verdict(authorization)).toBe(code);
  });

  it('is one of at least 300', () => {
    expect(wrong.length).toBeGreaterThanOrEqual(300);
  });

  it('is nowhere in what is told of it', () => {
    for (const { authorization } of wrong) {
      const refusal = bench.check(bench.exchange(authorization));
      const { detail } = refusal as { detail: string };
      const parts = authorization.split(/[ .]/).filter(part => part.length > 8);
      for (const part of parts) expect(detail).not.toContain(part);
    }
  });
});
