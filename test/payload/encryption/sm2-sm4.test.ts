import { createCipheriv, createDecipheriv, createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { sm2 } from 'sm-crypto-v2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decryptPayload, encryptPayload } from '../../../src/payload/encryption/index.ts';
import { sm2Decrypt, sm2Encrypt } from '../../../src/payload/encryption/sm2-transport.ts';
import { kidOf, PAIRS, PRIVATE_RING, publicRing } from './encryption-keys.ts';
import {
  C1C3C2,
  join,
  makeParts,
  openssl,
  opensslEnvelope,
  pointOf,
  privateKeyDer,
  scalarOf,
  sm2Header,
  toDer,
} from './sm2-envelope.ts';

const PLAINTEXT = Buffer.from(JSON.stringify({ 金额: '12.50', 账号: '6222020200112233445' }));
const { publicKey, privateKey } = PAIRS.SM2;
const HEADER = sm2Header(kidOf('SM2'));

let folder: string;
const file = (name: string) => joinPath(folder, name);

beforeAll(() => {
  folder = mkdtempSync(joinPath(tmpdir(), 'sm2-envelope-'));
  writeFileSync(file('public.pem'), publicKey.export({ format: 'pem', type: 'spki' }));
  writeFileSync(file('private.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('SM2', () => {
  test('decrypts the example of GM/T 0003.5-2012 annex C', () => {
    const scalar = '3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8';
    const key = createPrivateKey({ key: privateKeyDer(scalar), format: 'der', type: 'pkcs8' });
    const encrypted =
      '0404ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73' +
      'e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0' +
      '59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766' +
      '21886ca989ca9c7d58087307ca93092d651efa';
    const message = sm2Decrypt(Buffer.from(encrypted, 'hex'), key);
    expect(message?.toString()).toBe('encryption standard');
  });

  test('what sm-crypto-v2 encrypts is decrypted, and the reverse', () => {
    const contentKey = Buffer.alloc(48, 7);
    const theirs = sm2.doEncrypt(contentKey, pointOf(publicKey), C1C3C2);
    expect(sm2Decrypt(Buffer.from(`04${theirs}`, 'hex'), privateKey)).toEqual(contentKey);
    const ours = sm2Encrypt(contentKey, publicKey).toString('hex').slice(2);
    const options = { output: 'array' } as const;
    const decrypted = sm2.doDecrypt(ours, scalarOf(privateKey), C1C3C2, options);
    expect(Buffer.from(decrypted)).toEqual(contentKey);
  });

  test('what is encrypted, OpenSSL decrypts', () => {
    const contentKey = Buffer.alloc(48, 9);
    const der = toDer(sm2Encrypt(contentKey, publicKey));
    const args = ['pkeyutl', '-decrypt', '-inkey', file('private.pem')];
    expect(openssl(args, der)).toEqual(contentKey);
  });

  test.each([
    ['a point that is not on the curve', 64],
    ['another C3', 70],
    ['another C2', 100],
    ['another kind of point', 0],
  ])('does not decrypt %s', (_name, at) => {
    const encrypted = sm2Encrypt(Buffer.alloc(48, 7), publicKey);
    encrypted[at]! ^= 1;
    expect(sm2Decrypt(encrypted, privateKey)).toBeUndefined();
  });
});

test('SM4 is that of GB/T 32907 annex A', () => {
  const key = Buffer.from('0123456789abcdeffedcba9876543210', 'hex');
  const cipher = createCipheriv('sm4-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
  const block = Buffer.concat([cipher.update(key), cipher.final()]);
  expect(block.toString('hex')).toBe('681edf34d206965e86b3e94f536e4246');
});

describe('SM2 with SM4', () => {
  test('an envelope of other hands is decrypted', async () => {
    const text = join(makeParts(PLAINTEXT, HEADER, publicKey));
    expect(Buffer.from(await decryptPayload(text, PRIVATE_RING))).toEqual(PLAINTEXT);
  });

  test('an envelope by the command line of OpenSSL is decrypted', async () => {
    const text = opensslEnvelope(PLAINTEXT, HEADER, file('public.pem'));
    expect(Buffer.from(await decryptPayload(text, PRIVATE_RING))).toEqual(PLAINTEXT);
  });

  test('an envelope has the parts that other hands expect', async () => {
    const text = await encryptPayload(PLAINTEXT, publicRing('SM2'));
    const [header, ...others] = text.split('.').map(part => Buffer.from(part, 'base64url'));
    const [encryptedKey, iv, ciphertext, tag] = others as [Buffer, Buffer, Buffer, Buffer];
    expect(header?.toString()).toBe(HEADER);
    const digits = encryptedKey.toString('hex').slice(2);
    const options = { output: 'array' } as const;
    const contentKey = sm2.doDecrypt(digits, scalarOf(privateKey), C1C3C2, options);
    const decipher = createDecipheriv('sm4-cbc', contentKey.subarray(32), iv);
    expect(Buffer.concat([decipher.update(ciphertext), decipher.final()])).toEqual(PLAINTEXT);
    expect(tag).toHaveLength(32);
  });

  test('nothing is encrypted and decrypted as well', async () => {
    const text = await encryptPayload(new Uint8Array(0), publicRing('SM2'));
    expect(await decryptPayload(text, PRIVATE_RING)).toHaveLength(0);
  });
});
