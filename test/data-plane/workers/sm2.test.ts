import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sm2 } from 'sm-crypto-v2';
import { describe, expect, it } from 'vitest';
import { Sm2Key } from '../../../src/data-plane/workers/sm2-key.ts';
import { readSm2Signature } from '../../../src/data-plane/workers/sm2-signature.ts';
import { importVerifyKey } from '../../../src/data-plane/workers/verify-key.ts';
import { signerFor } from './signed-checks.ts';

const VECTOR = JSON.parse(readFileSync(new URL('../../vectors/sm2.json', import.meta.url), 'utf8'));
const SPKI = '3059301306072a8648ce3d020106082a811ccf5501822d034200';
const ORDER = 'fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123';
const MESSAGE = Buffer.from('message digest');

/** DER by hand: the shortest form of each number, given in hexadecimal digits. */
function der(r: string, s: string): Buffer {
  const integer = (digits: string) => {
    const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
    const content = bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
    return Buffer.concat([Buffer.of(2, content.length), content]);
  };
  const content = Buffer.concat([integer(r), integer(s)]);
  return Buffer.concat([Buffer.of(0x30, content.length), content]);
}

const published = Sm2Key.fromSpki(Buffer.from(SPKI + VECTOR.publicKey, 'hex'))!;

describe('the vector of GB/T 32918.5 annex A', () => {
  it('verifies, and nothing that differs from it does', () => {
    const signature = der(VECTOR.r, VECTOR.s);
    expect(published.verifies(MESSAGE, signature)).toBe(true);
    expect(published.verifies(Buffer.from('message digest.'), signature)).toBe(false);
    expect(published.verifies(MESSAGE, der(VECTOR.s, VECTOR.r))).toBe(false);
    for (let at = 0; at < signature.length; at++) {
      const changed = Buffer.from(signature);
      changed[at]! ^= 1;
      expect(published.verifies(MESSAGE, changed), `byte ${at}`).toBe(false);
    }
  });

  it('is over SM3 with the standard user id', () => {
    const plain = sm2.doVerifySignature(
      createHash('sm3').update(MESSAGE).digest(),
      VECTOR.r + VECTOR.s,
      VECTOR.publicKey,
    );
    expect(plain).toBe(false);
  });
});

describe('an SM2 signature', () => {
  const { r, s } = VECTOR as { r: string; s: string };
  const more = (digits: string) => (BigInt(`0x${digits}`) + BigInt(`0x${ORDER}`)).toString(16);
  const good = der(r, s);
  const wrong: readonly (readonly [string, Buffer])[] = [
    ['r is zero', der('00', s)],
    ['s is zero', der(r, '00')],
    ['r is the order', der(ORDER, s)],
    ['s is the order', der(r, ORDER)],
    ['r is the order and r', der(more(r), s)],
    ['s is the order and s', der(r, more(s))],
    ['r is negative', Buffer.concat([good.subarray(0, 4), Buffer.of(0x80), good.subarray(5)])],
    ['r and s side by side', Buffer.from(r + s, 'hex')],
    ['nothing', Buffer.alloc(0)],
    ['an empty sequence', Buffer.of(0x30, 0)],
    ['one number', Buffer.of(0x30, 3, 2, 1, 1)],
    ['three numbers', Buffer.of(0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1)],
    ['an empty number', Buffer.of(0x30, 5, 2, 0, 2, 1, 1)],
    ['a byte behind it', Buffer.concat([good, Buffer.of(0)])],
    ['a byte missing', good.subarray(0, -1)],
    ['a length in the long form', Buffer.concat([Buffer.of(0x30, 0x81), good.subarray(1)])],
    ['a set for the sequence', Buffer.concat([Buffer.of(0x31), good.subarray(1)])],
    ['zeros in front of r', der(`0000${r}`, s)],
    ['zeros in front of s', der(r, `0000${s}`)],
  ];

  it.each(wrong)('is none where there is %s', (_, signature) => {
    expect(readSm2Signature(signature)).toBeUndefined();
    expect(published.verifies(MESSAGE, signature)).toBe(false);
  });

  it('is checked alike before and after its key has a table', () => {
    const { material, sign } = signerFor('sm2-sm3');
    const key = importVerifyKey('sm2-sm3', material)!;
    const good = sign('message');
    const forged = signerFor('sm2-sm3').sign('message');
    for (let i = 0; i < 6; i++) {
      expect(key.verifies(Buffer.from('message'), forged)).toBe(false);
      expect(key.verifies(Buffer.from('message'), good)).toBe(true);
    }
  });

  it('of the library is DER to the letter, whatever its numbers', () => {
    const { material, sign } = signerFor('sm2-sm3');
    const key = importVerifyKey('sm2-sm3', material)!;
    for (let i = 0; i < 300; i++) {
      expect(key.verifies(Buffer.from(`message ${i}`), sign(`message ${i}`))).toBe(true);
    }
  });
});

describe('an SM2 key', () => {
  it('is none on another curve, compressed, or for another algorithm', () => {
    const { material } = signerFor('sm2-sm3');
    const p256 = signerFor('ecdsa-p256-sha256').material;
    expect(importVerifyKey('sm2-sm3', p256)).toBeUndefined();
    expect(importVerifyKey('ecdsa-p256-sha256', material)).toBeUndefined();
    const point = sm2.compressPublicKeyHex(VECTOR.publicKey);
    const compressed = '3039301306072a8648ce3d020106082a811ccf5501822d032200';
    expect(importVerifyKey('sm2-sm3', Buffer.from(compressed + point, 'hex'))).toBeUndefined();
  });
});
