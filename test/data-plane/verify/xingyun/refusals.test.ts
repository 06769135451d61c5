import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type keyEntry, type TestKey, VerifyBench } from '../signed-call.ts';
import { wrongCalls } from './wrong-calls.ts';
import { RSA, SM2 } from './xingyun-call.ts';

type Changes = NonNullable<Parameters<typeof keyEntry>[2]>;

/** Of the same kind and not the same. */
function anotherKey({ algorithm }: TestKey): TestKey {
  const { publicKey, privateKey } =
    algorithm === 'sm2-sm3'
      ? generateKeyPairSync('ec', { namedCurve: 'SM2' })
      : generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const material = publicKey.export({ format: 'der', type: 'spki' });
  return { algorithm, signing: privateKey, material };
}

function registered(key: TestKey): VerifyBench {
  const bench = new VerifyBench();
  const register = (id: string, changes: Changes = {}, registeredKey = key) => {
    const of = { schemes: ['xingyun'] as const, ...changes.key };
    bench.register(id, registeredKey, { ...changes, key: of });
  };
  register('key-1');
  register('revoked', { key: { revoked: true } });
  register('ended', { key: { notAfterMs: 1 } });
  register('later', { key: { notBeforeMs: Number.MAX_SAFE_INTEGER } });
  register('suspended', { app: { active: false } });
  register('left', { partner: { active: false } });
  register('other-scheme', { key: { schemes: ['rfc9421'] } });
  register('other-kind', {}, key === RSA ? SM2 : RSA);
  register('another', {}, anotherKey(key));
  return bench;
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
