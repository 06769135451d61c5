import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../../src/core/problems.ts';
import { KEYS, type keyEntry, type TestKey, VerifyBench } from '../signed-call.ts';
import { anotherKey, JWS_KEYS } from './jws-call.ts';
import { wrongCalls } from './wrong-calls.ts';

type Changes = NonNullable<Parameters<typeof keyEntry>[2]>;

function registered(key: TestKey): VerifyBench {
  const bench = new VerifyBench();
  const register = (id: string, changes: Changes = {}, registeredKey = key) => {
    const of = { schemes: ['jws'] as const, ...changes.key };
    bench.register(id, registeredKey, { ...changes, key: of });
  };
  register('key-1');
  register('revoked', { key: { revoked: true } });
  register('ended', { key: { notAfterMs: 1 } });
  register('later', { key: { notBeforeMs: Number.MAX_SAFE_INTEGER } });
  register('suspended', { app: { active: false } });
  register('left', { partner: { active: false } });
  register('other-scheme', { key: { schemes: ['rfc9421', 'xingyun', 'cavage'] } });
  register('hmac', {}, KEYS['hmac-sha256']);
  register('ed25519', {}, KEYS.ed25519);
  register('p384', {}, KEYS['ecdsa-p384-sha384']);
  register('rsa-pss-sha512', {}, KEYS['rsa-pss-sha512']);
  register('another', {}, anotherKey(key));
  return bench;
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
