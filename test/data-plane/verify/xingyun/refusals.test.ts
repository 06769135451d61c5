import { describe, expect, it } from 'vitest';
import type { TestKey, VerifyBench } from '../signed-call.ts';
import { anotherKey, benchWithStandings } from '../standing-keys.ts';
import { wrongCalls } from './wrong-calls.ts';
import { RSA, SM2 } from './xingyun-call.ts';

function registered(key: TestKey): VerifyBench {
  return benchWithStandings(key, 'xingyun', {
    'other-kind': key === RSA ? SM2 : RSA,
    another: anotherKey(key),
  });
}

describe.each([RSA, SM2])('a wrong call in the header scheme with $algorithm', key => {
  const wrong = wrongCalls(key);

  it.each(wrong)('$name: $code', ({ call, code }) => {
    expect(registered(key).verdict(call)).toBe(code);
  });
});

it('is one of at least 300', () => {
  expect(wrongCalls(RSA).length + wrongCalls(SM2).length).toBeGreaterThanOrEqual(300);
});
