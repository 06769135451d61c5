import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSafeUrl } from '../../../src/control-plane/tokens/fetch-jwks.ts';
import { readJwks } from '../../../src/control-plane/tokens/read-jwks.ts';

function jwkOf(kind: 'rsa' | 'ec' | 'ed25519', options: object = {}): Record<string, unknown> {
  const make = generateKeyPairSync as unknown as (
    type: string,
    options: object,
  ) => ReturnType<typeof generateKeyPairSync>;
  const { publicKey } = make(kind, options) as unknown as {
    publicKey: { export(options: { format: 'jwk' }): Record<string, unknown> };
  };
  return publicKey.export({ format: 'jwk' });
}

const EC = jwkOf('ec', { namedCurve: 'P-256' });
const RSA = jwkOf('rsa', { modulusLength: 2_048 });
const ED = jwkOf('ed25519');
const read = (...keys: unknown[]) =>
  readJwks(JSON.stringify({ keys })).map(({ kid, algorithm }) => [kid, algorithm]);

describe('a JWK Set', () => {
  it('gives the keys that can check a token, in the order of their ids', () => {
    const keys = [
      { ...RSA, kid: 'd' },
      { ...RSA, kid: 'c', alg: 'PS256' },
      { ...ED, kid: 'b', use: 'sig', key_ops: ['verify'] },
      { ...EC, kid: 'a', alg: 'ES256' },
    ];
    const usable = [
      ['a', 'ecdsa-p256-sha256'],
      ['b', 'ed25519'],
      ['c', 'rsa-pss-sha256'],
      ['d', 'rsa-v1_5-sha256'],
    ];
    expect(read(...keys)).toEqual(usable);
    expect(read(...keys.reverse())).toEqual(usable);
  });

  it.each([
    ['without a kid', { ...EC }],
    ['with a kid that is no text', { ...EC, kid: 1 }],
    ['with a long kid', { ...EC, kid: 'x'.repeat(257) }],
    ['for encryption', { ...EC, kid: 'a', use: 'enc' }],
    ['for signing alone', { ...EC, kid: 'a', key_ops: ['sign'] }],
    ['of an algorithm of encryption', { ...RSA, kid: 'a', alg: 'RSA-OAEP-256' }],
    ['of another curve than its alg', { ...EC, kid: 'a', alg: 'ES384' }],
    ['of another kind than its alg', { ...RSA, kid: 'a', alg: 'ES256' }],
    ['of 1024 bits', { ...jwkOf('rsa', { modulusLength: 1_024 }), kid: 'a' }],
    ['beside the curve', { ...EC, kid: 'a', x: EC.y }],
    ['that is a secret', { kty: 'oct', k: 'AAAA', kid: 'a', alg: 'HS256' }],
    ['that is none', null],
    ['that is text', 'a'],
  ])('leaves a key out %s', (_, key) => {
    expect(read(key)).toEqual([]);
    expect(read(key, { ...EC, kid: 'good' })).toHaveLength(1);
  });

  it('keeps the first of one kid and algorithm (FAPI 2.0 Security Profile section 5.4.3)', () => {
    const other = { ...jwkOf('ec', { namedCurve: 'P-256' }), kid: 'a' };
    const [first, ...more] = readJwks(
      JSON.stringify({ keys: [{ ...EC, kid: 'a' }, other, { ...ED, kid: 'a' }] }),
    );
    expect(first).toEqual(readJwks(JSON.stringify({ keys: [{ ...EC, kid: 'a' }] }))[0]);
    expect(more.map(({ kid, algorithm }) => [kid, algorithm])).toEqual([['a', 'ed25519']]);
  });

  it.each(['', 'x', '[]', '{}', '{"keys":{}}', 'null', '1'])('is none: %s', text => {
    expect(() => readJwks(text)).toThrow(/^it is no/);
  });

  it('has at most 64 keys', () => {
    expect(() => read(...Array(65).fill(EC))).toThrow('it has more than 64 keys');
  });
});

it('a URL is safe by https, or on loopback', () => {
  const safe = [
    'https://a.example/jwks',
    'http://127.0.0.1:1/',
    'http://localhost/',
    'http://[::1]/',
  ];
  const unsafe = [
    'http://a.example/',
    'http://127.0.0.1.a.example/',
    'ftp://localhost/',
    'x',
    'http://localhost.a/',
  ];
  expect(safe.filter(isSafeUrl)).toEqual(safe);
  expect(unsafe.filter(isSafeUrl)).toEqual([]);
});
