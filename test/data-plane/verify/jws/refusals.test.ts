import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KEYS, type keyEntry, type TestKey, VerifyBench } from '../signed-call.ts';
import { JWS_KEYS } from './jws-call.ts';
import { wrongCalls } from './wrong-calls.ts';

type Changes = NonNullable<Parameters<typeof keyEntry>[2]>;

/** Of the same kind and not the same. */
function anotherKey({ algorithm }: TestKey): TestKey {
  const { publicKey, privateKey } =
    algorithm === 'ecdsa-p256-sha256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const material = publicKey.export({ format: 'der', type: 'spki' });
  return { algorithm, signing: privateKey, material };
}

function registered(key: TestKey): VerifyBench {
  const bench = new VerifyBench();
  const register = (id: string, changes: Changes = {}, registeredKey = key) => {
    const of = { schemes: ['jws'] as const, ...changes.key };
    bench.register(id, registeredKey, { ...changes, key: of });
  };
  register('key-1');
  register('revoked', { key: { revoked: true } });
  register('ended', { key: { notAfterMs: 1 } });
  register('suspended', { app: { active: false } });
  register('other-scheme', { key: { schemes: ['rfc9421'] } });
  register('other-kind', {}, KEYS.ed25519);
  register('another', {}, anotherKey(key));
  return bench;
}

describe.each(JWS_KEYS)('a wrong detached JWS with $algorithm', key => {
  const bench = registered(key);

  it.each(wrongCalls(key))('$name: $code', ({ call, code }) => {
    expect(bench.verdict(call)).toBe(code);
  });
});

it('is one of at least 300', () => {
  const all = JWS_KEYS.flatMap(key => wrongCalls(key));
  expect(all.length).toBeGreaterThanOrEqual(300);
});
