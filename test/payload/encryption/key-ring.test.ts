import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { decryptPayload, encryptPayload } from '../../../src/payload/encryption/index.ts';
import { type KeySettings, loadKeyRing } from '../../../src/payload/encryption/key-ring.ts';
import { EnvironmentSource } from '../../../src/payload/encryption/key-sources/env-source.ts';
import { KeyFault } from '../../../src/payload/encryption/key-sources/key-source.ts';
import {
  ENCRYPTION_ALGORITHMS,
  type EncryptionAlgorithm,
} from '../../../src/payload/encryption/payload-cipher.ts';
import { faultOf, makePair, PAIRS } from './encryption-keys.ts';

const PLAINTEXT = Buffer.from('{"amount":"12.50"}');

const publicPem = (key: KeyObject) => String(key.export({ format: 'pem', type: 'spki' }));
const privatePem = (key: KeyObject) => String(key.export({ format: 'pem', type: 'pkcs8' }));

/** A ring from texts alone, each under its place as `kid`. */
function ringOf(
  secrecy: 'public' | 'private',
  algorithm: EncryptionAlgorithm,
  texts: Readonly<Record<string, string>>,
) {
  const settings: KeySettings[] = Object.keys(texts).map(kid => ({
    ...{ kid, algorithm, reference: `env:${kid}` },
  }));
  return loadKeyRing(settings, secrecy, new Map([['env', new EnvironmentSource(texts)]]));
}

async function keyFaultOf(work: Promise<unknown>): Promise<KeyFault> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KeyFault);
  return error as KeyFault;
}

describe.each(ENCRYPTION_ALGORITHMS)('keys for %s', algorithm => {
  const [old, next] = [PAIRS[algorithm], makePair(algorithm)];

  test('rotate: the first encrypts, all that are listed decrypt, others do not', async () => {
    const partnerBefore = await ringOf('public', algorithm, { a: publicPem(old.publicKey) });
    const partnerAfter = await ringOf('public', algorithm, {
      b: publicPem(next.publicKey),
      a: publicPem(old.publicKey),
    });
    const texts = [
      await encryptPayload(PLAINTEXT, partnerBefore),
      await encryptPayload(PLAINTEXT, partnerAfter),
    ];
    const both = await ringOf('private', algorithm, {
      b: privatePem(next.privateKey),
      a: privatePem(old.privateKey),
    });
    for (const text of texts) {
      expect(Buffer.from(await decryptPayload(text, both))).toEqual(PLAINTEXT);
    }
    const later = await ringOf('private', algorithm, { b: privatePem(next.privateKey) });
    expect(await faultOf(decryptPayload(texts[0]!, later))).toBeDefined();
    expect(Buffer.from(await decryptPayload(texts[1]!, later))).toEqual(PLAINTEXT);
  });

  test('of another algorithm are refused', async () => {
    for (const other of ENCRYPTION_ALGORITHMS) {
      if (other === algorithm) continue;
      const texts = { K: publicPem(PAIRS[other].publicKey) };
      expect((await keyFaultOf(ringOf('public', algorithm, texts))).reference).toBe('env:K');
    }
  });

  test('are refused on the wrong side', async () => {
    const asPublic = ringOf('public', algorithm, { K: privatePem(old.privateKey) });
    expect((await keyFaultOf(asPublic)).reference).toBe('env:K');
    const asPrivate = ringOf('private', algorithm, { K: publicPem(old.publicKey) });
    expect((await keyFaultOf(asPrivate)).reference).toBe('env:K');
  });
});

describe('JWK', () => {
  const { publicKey, privateKey } = PAIRS['ECDH-ES'];
  const jwk = publicKey.export({ format: 'jwk' });
  const load = (secrecy: 'public' | 'private', key: object) =>
    ringOf(secrecy, 'ECDH-ES', { K: JSON.stringify(key) });

  test('is as good as PEM', async () => {
    const text = await encryptPayload(PLAINTEXT, await load('public', { ...jwk, use: 'enc' }));
    const ring = await load('private', { ...privateKey.export({ format: 'jwk' }), alg: 'ECDH-ES' });
    expect(Buffer.from(await decryptPayload(text, ring))).toEqual(PLAINTEXT);
  });

  test.each([
    ['for signatures', { ...jwk, use: 'sig' }],
    ['for another algorithm', { ...jwk, alg: 'ECDH-ES+A256KW' }],
    ['with a private number', privateKey.export({ format: 'jwk' })],
    ['whose point is not on the curve', { ...jwk, y: jwk.x }],
    ['of another curve', { ...jwk, crv: 'P-384' }],
    ['of nothing', {}],
  ])('%s is refused', async (_name, key) => {
    const fault = await keyFaultOf(load('public', key));
    expect(fault.reference).toBe('env:K');
    expect(fault.message).not.toContain(jwk.x);
  });
});

describe('a ring is refused', () => {
  const pem = publicPem(PAIRS['ECDH-ES'].publicKey);
  const load = (texts: Readonly<Record<string, string>>) => ringOf('public', 'ECDH-ES', texts);
  const rsa = (modulusLength: number) =>
    publicPem(generateKeyPairSync('rsa', { modulusLength }).publicKey);

  test('without keys, and with seven', async () => {
    await expect(load({})).rejects.toThrow(TypeError);
    const seven = Object.fromEntries([...'abcdefg'].map(kid => [kid, pem]));
    await expect(load(seven)).rejects.toThrow(TypeError);
  });

  test('with two keys of one kid', async () => {
    const settings = { kid: 'a', algorithm: 'ECDH-ES', reference: 'env:K' } as const;
    const sources = new Map([['env', new EnvironmentSource({ K: pem })]]);
    const load = loadKeyRing([settings, settings], 'public', sources);
    await expect(load).rejects.toThrow(TypeError);
  });

  test('with RSA of less than 2048 bits', async () => {
    const fault = await keyFaultOf(ringOf('public', 'RSA-OAEP-256', { K: rsa(1_024) }));
    expect(fault.reference).toBe('env:K');
  });

  test('with RSA of more than 4096 bits, which would take too long', async () => {
    const load = (bytes: number) => {
      const n = Buffer.alloc(bytes, 0xff).toString('base64url');
      return ringOf('public', 'RSA-OAEP-256', { K: JSON.stringify({ kty: 'RSA', n, e: 'AQAB' }) });
    };
    expect((await load(512)).current.kid).toBe('K');
    expect((await keyFaultOf(load(513))).reference).toBe('env:K');
  });

  test('with a private key beside the public one', async () => {
    const K = `${pem}${privatePem(PAIRS['ECDH-ES'].privateKey)}`;
    expect((await keyFaultOf(load({ K }))).reference).toBe('env:K');
  });

  test('with text that is no key, which is not repeated', async () => {
    const secret = 'MIIsecret';
    for (const text of [secret, `-----BEGIN PUBLIC KEY-----\n${secret}`, `{"d":"${secret}"`]) {
      expect((await keyFaultOf(load({ K: text }))).message).not.toContain(secret);
    }
  });
});
