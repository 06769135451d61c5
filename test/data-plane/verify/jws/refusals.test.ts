import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../../src/core/problems.ts';
import { KEYS, type TestKey, type VerifyBench } from '../signed-call.ts';
import { anotherKey, benchWithStandings } from '../standing-keys.ts';
import { JWS_KEYS } from './jws-call.ts';
import { wrongCalls } from './wrong-calls.ts';

function registered(key: TestKey): VerifyBench {
  return benchWithStandings(key, 'jws', {
    hmac: KEYS['hmac-sha256'],
    ed25519: KEYS.ed25519,
    p384: KEYS['ecdsa-p384-sha384'],
    'rsa-pss-sha512': KEYS['rsa-pss-sha512'],
    another: anotherKey(key),
  });
}

const TABLES = JWS_KEYS.map(key => ({ key, algorithm: key.algorithm, rows: wrongCalls(key) }));

describe.each(TABLES)('a wrong detached JWS with $algorithm', ({ key, rows }) => {
  it.each(rows)('$name: $code', ({ call, code, first }) => {
    const bench = registered(key);
    if (first !== undefined) expect(bench.verdict(first)).toBe('accepted');
    expect(bench.verdict(call)).toBe(code);
    // What does not verify spends no nonce.
    expect(bench.nonces.claims).toHaveLength(first === undefined ? 0 : 2);
  });

  it('is one of at least 300, each another', () => {
    expect(rows.length).toBeGreaterThanOrEqual(300);
    expect(new Set(rows.map(row => row.name)).size).toBe(rows.length);
  });

  it('is told in words that are always the same', () => {
    const bench = registered(key);
    const refusals = rows.map(
      ({ call }) => bench.step(bench.exchange(call)) as Problem | undefined,
    );
    const details = new Set(refusals.map(refusal => refusal?.detail));
    expect(details.size).toBeLessThan(50);
  });
});
