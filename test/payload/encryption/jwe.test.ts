import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { PLAINTEXT_MAX_BYTES } from '../../../src/payload/encryption/envelope.ts';
import { decryptPayload, encryptPayload } from '../../../src/payload/encryption/index.ts';
import { faultOf, kidOf, PAIRS, PRIVATE_RING, publicRing } from './encryption-keys.ts';
import { concatKdf, encode, oracleDecrypt, oracleEncrypt } from './jwe-oracle.ts';

const PLAINTEXT = Buffer.from(JSON.stringify({ amount: '12.50', iban: 'DE02120300000000202051' }));

describe.each(['RSA-OAEP-256', 'ECDH-ES'] as const)('%s with A256GCM', algorithm => {
  const { publicKey, privateKey } = PAIRS[algorithm];
  const kid = kidOf(algorithm);
  const header = { alg: algorithm, enc: 'A256GCM', kid };

  test('what jose encrypts is decrypted', async () => {
    const text = await new CompactEncrypt(PLAINTEXT).setProtectedHeader(header).encrypt(publicKey);
    expect(Buffer.from(await decryptPayload(text, PRIVATE_RING))).toEqual(PLAINTEXT);
  });

  test('what is encrypted, jose decrypts', async () => {
    const text = await encryptPayload(PLAINTEXT, publicRing(algorithm));
    const { plaintext, protectedHeader } = await compactDecrypt(text, privateKey);
    expect(Buffer.from(plaintext)).toEqual(PLAINTEXT);
    expect(protectedHeader).toMatchObject(header);
  });

  test('what node:crypto encrypts by the RFC is decrypted, and the reverse', async () => {
    const text = oracleEncrypt(PLAINTEXT, header, publicKey);
    expect(Buffer.from(await decryptPayload(text, PRIVATE_RING))).toEqual(PLAINTEXT);
    const ours = await encryptPayload(PLAINTEXT, publicRing(algorithm));
    expect(oracleDecrypt(ours, privateKey)).toEqual(PLAINTEXT);
  });

  test('names of the parties are heeded, members that nobody has to know are not', async () => {
    const more = { ...header, typ: 'JOSE', cty: 'json', apu: encode('Alice'), apv: encode('Bob') };
    const text = oracleEncrypt(PLAINTEXT, more, publicKey);
    expect(Buffer.from(await decryptPayload(text, PRIVATE_RING))).toEqual(PLAINTEXT);
  });

  test('nothing is encrypted and decrypted as well', async () => {
    const text = await encryptPayload(new Uint8Array(0), publicRing(algorithm));
    expect(await decryptPayload(text, PRIVATE_RING)).toHaveLength(0);
  });

  test('the greatest payload passes, a greater one does not', async () => {
    const greatest = Buffer.alloc(PLAINTEXT_MAX_BYTES, 'a');
    const text = await encryptPayload(greatest, publicRing(algorithm));
    expect(await decryptPayload(text, PRIVATE_RING)).toHaveLength(PLAINTEXT_MAX_BYTES);
    const greater = Buffer.alloc(PLAINTEXT_MAX_BYTES + 1);
    expect((await faultOf(encryptPayload(greater, publicRing(algorithm)))).pointer).toBe('');
    const foreign = oracleEncrypt(greater, header, publicKey);
    expect((await faultOf(decryptPayload(foreign, PRIVATE_RING))).pointer).toBe('');
  });
});

test('the oracle derives the key of RFC 7518 appendix C', () => {
  const alice = {
    kty: 'EC',
    crv: 'P-256',
    x: 'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0',
    y: 'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps',
  };
  const bob = {
    kty: 'EC',
    crv: 'P-256',
    x: 'weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ',
    y: 'e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck',
    d: 'VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw',
  };
  const z = diffieHellman({
    privateKey: createPrivateKey({ key: bob, format: 'jwk' }),
    publicKey: createPublicKey({ key: alice, format: 'jwk' }),
  });
  const derived = concatKdf(z, 'A128GCM', 128, 'Alice', 'Bob');
  expect(derived.toString('base64url')).toBe('VqqN6vgjbSBcIijNcacQGg');
});
