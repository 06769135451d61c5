import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KEYS, type keyEntry, type TestKey, VerifyBench } from '../signed-call.ts';
import { CAVAGE_KEYS, ED25519, HMAC, RSA } from './cavage-call.ts';
import { wrongCalls } from './wrong-calls.ts';

type Changes = NonNullable<Parameters<typeof keyEntry>[2]>;

/** Of the same kind and not the same. */
function anotherKey({ algorithm }: TestKey): TestKey {
  if (algorithm === 'hmac-sha256') return { ...HMAC, material: Buffer.alloc(32, 7) };
  const { publicKey, privateKey } =
    algorithm === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const material = publicKey.export({ format: 'der', type: 'spki' });
  return { algorithm, signing: privateKey, material };
}

const OTHERS = new Map(CAVAGE_KEYS.map(key => [key, anotherKey(key)]));

function registered(key: TestKey): VerifyBench {
  const bench = new VerifyBench();
  const register = (id: string, changes: Changes = {}, registeredKey = key) => {
    const of = { schemes: ['cavage'] as const, ...changes.key };
    bench.register(id, registeredKey, { ...changes, key: of });
  };
  register('key-1');
  register('revoked', { key: { revoked: true } });
  register('ended', { key: { notAfterMs: 1 } });
  register('later', { key: { notBeforeMs: Number.MAX_SAFE_INTEGER } });
  register('suspended', { app: { active: false } });
  register('left', { partner: { active: false } });
  register('other-scheme', { key: { schemes: ['rfc9421', 'xingyun', 'jws'] } });
  register('other-kind', {}, key === RSA ? ED25519 : RSA);
  register('pss', {}, KEYS['rsa-pss-sha512']);
  register('ecdsa', {}, KEYS['ecdsa-p256-sha256']);
  register('another', {}, OTHERS.get(key)!);
  return bench;
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
