import { constants, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asDerSignature, asPssKey } from '../../../src/data-plane/workers/signature-forms.ts';
import { pssPair } from './pss-pair.ts';

/** Reads DER's two integers back, by another way than the code that writes them. */
function integersOf(der: Uint8Array): bigint[] {
  const integers: bigint[] = [];
  expect(der[0]).toBe(0x30);
  expect(der[1]).toBe(der.length - 2);
  for (let at = 2; at < der.length; at += 2 + der[at + 1]!) {
    expect(der[at]).toBe(0x02);
    const bytes = der.subarray(at + 2, at + 2 + der[at + 1]!);
    // X.690 section 8.3.2: as short as it can be, and not negative.
    expect(bytes[0]! < 0x80).toBe(true);
    if (bytes.length > 1) expect(bytes[0] === 0 && bytes[1]! < 0x80).toBe(false);
    integers.push(BigInt(`0x${Buffer.from(bytes).toString('hex')}`));
  }
  return integers;
}

const integerOf = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

describe('an ECDSA signature in DER', () => {
  it.each([32, 48])('keeps both integers, written shortly (%i bytes each)', half => {
    // Many leading zeros and set first bits: where the lengths change.
    const byte = fc.oneof(fc.constant(0), fc.constant(0x80), fc.integer({ min: 0, max: 255 }));
    const coordinate = fc.array(byte, { minLength: half, maxLength: half });
    fc.assert(
      fc.property(coordinate, coordinate, (r, s) => {
        const p1363 = Uint8Array.from([...r, ...s]);
        expect(integersOf(asDerSignature(p1363))).toEqual([
          integerOf(Uint8Array.from(r)),
          integerOf(Uint8Array.from(s)),
        ]);
      }),
    );
  });

  it.each([
    ['prime256v1', 'sha256'],
    ['secp384r1', 'sha384'],
  ])('is what OpenSSL checks on %s', (namedCurve, hash) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    for (let i = 0; i < 50; i++) {
      const message = Buffer.from(`message ${i}`);
      const p1363 = sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(verify(hash, message, publicKey, asDerSignature(p1363))).toBe(true);
    }
  });
});

describe('an RSA key for PSS alone', () => {
  const message = Buffer.from('message');

  it.each([2_048, 3_072, 4_096])('checks any salt and nothing but PSS (%i bits)', bits => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const spki = asPssKey(publicKey.export({ format: 'der', type: 'spki' }));
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(key.asymmetricKeyType).toBe('rsa-pss');
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    for (const saltLength of [0, 32, 64, constants.RSA_PSS_SALTLEN_MAX_SIGN]) {
      const signature = sign('sha512', message, { key: privateKey, padding, saltLength });
      expect(verify('sha512', message, key, signature)).toBe(true);
      expect(verify('sha512', Buffer.from('another'), key, signature)).toBe(false);
    }
    expect(verify('sha512', message, key, sign('sha512', message, privateKey))).toBe(false);
    const other = sign('sha256', message, { key: privateKey, padding, saltLength: 32 });
    expect(verify('sha512', message, key, other)).toBe(false);
  });

  it.each([0, 20, 64])('is rid of the salt length %i that its parameters name', saltBytes => {
    const { privateKey, publicKey } = pssPair(saltBytes);
    const spki = asPssKey(publicKey.export({ format: 'der', type: 'spki' }));
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(key.asymmetricKeyDetails?.hashAlgorithm).toBeUndefined();
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signature = sign('sha512', message, { key: privateKey, padding, saltLength: 64 });
    expect(verify('sha512', message, key, signature)).toBe(true);
  });
});
