import { describe, expect, it } from 'vitest';
import { KEYS, type TestKey, type VerifyBench } from '../signed-call.ts';
import { anotherKey, benchWithStandings } from '../standing-keys.ts';
import { CAVAGE_KEYS, ED25519, RSA } from './cavage-call.ts';
import { wrongCalls } from './wrong-calls.ts';

function registered(key: TestKey): VerifyBench {
  return benchWithStandings(key, 'cavage', {
    'other-kind': key === RSA ? ED25519 : RSA,
    pss: KEYS['rsa-pss-sha512'],
    ecdsa: KEYS['ecdsa-p256-sha256'],
    another: anotherKey(key),
  });
}

describe.each(CAVAGE_KEYS)('a wrong call by draft-cavage with $algorithm', key => {
  it.each(wrongCalls(key))('$name: $code', ({ call, code, first }) => {
    const bench = registered(key);
    if (first !== undefined) expect(bench.verdict(first)).toBe('accepted');
    expect(bench.verdict(call)).toBe(code);
    expect(bench.nonces.claims.length).toBe(first === undefined ? 0 : 2);
  });
});

it('is one of at least 300', () => {
  const all = CAVAGE_KEYS.flatMap(wrongCalls);
  expect(all.length).toBeGreaterThanOrEqual(300);
});
