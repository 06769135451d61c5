/** SM2 with SM4 as docs/data-security.md describes it, made with parts that are not ours. */
import { execFileSync } from 'node:child_process';
import { createCipheriv, createHmac, type KeyObject, randomBytes } from 'node:crypto';
import { sm2 } from 'sm-crypto-v2';
import { sm2PointOf, sm2ScalarOf } from '../../../src/core/sm2.ts';
import { encode } from './jwe-oracle.ts';

export const C1C3C2 = 1;

/** Digits as the library takes them. */
export function pointOf(publicKey: KeyObject): string {
  const point = sm2PointOf(publicKey.export({ format: 'der', type: 'spki' }))!;
  return Buffer.from(point).toString('hex');
}

export function scalarOf(privateKey: KeyObject): string {
  const scalar = sm2ScalarOf(privateKey.export({ format: 'der', type: 'pkcs8' }))!;
  return Buffer.from(scalar).toString('hex');
}

/** The private key whose number is given, PKCS #8. */
export function privateKeyDer(scalar: string): Buffer {
  const point = sm2.getPublicKeyFromPrivateKey(scalar);
  const start = '308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420';
  return Buffer.from(`${start}${scalar}a144034200${point}`, 'hex');
}

export interface Sm2Parts {
  readonly header: string;
  readonly contentKey: Buffer;
  readonly encryptedKey: Buffer;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

export function sm2Header(kid: string): string {
  return JSON.stringify({ alg: 'SM2', enc: 'SM4-CBC-HMAC-SM3', kid });
}

/** By sm-crypto-v2 and node:crypto. */
export function makeParts(plaintext: Uint8Array, header: string, publicKey: KeyObject): Sm2Parts {
  const contentKey = randomBytes(48);
  const iv = randomBytes(16);
  const encrypted = sm2.doEncrypt(contentKey, pointOf(publicKey), C1C3C2);
  const cipher = createCipheriv('sm4-cbc', contentKey.subarray(32), iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const parts = { header, contentKey, iv, ciphertext };
  return { ...parts, encryptedKey: Buffer.from(`04${encrypted}`, 'hex'), tag: tagOf(parts) };
}

export function tagOf(parts: Omit<Sm2Parts, 'encryptedKey' | 'tag'>): Buffer {
  return createHmac('sm3', parts.contentKey.subarray(0, 32)).update(authenticated(parts)).digest();
}

export function join({ header, encryptedKey, iv, ciphertext, tag }: Sm2Parts): string {
  return [header, encryptedKey, iv, ciphertext, tag].map(encode).join('.');
}

/** What the tag is over: the encoded header, IV, ciphertext and the header's length in bits. */
function authenticated(parts: Pick<Sm2Parts, 'header' | 'iv' | 'ciphertext'>): Buffer {
  const header = encode(parts.header);
  const bits = Buffer.alloc(8);
  bits.writeUInt32BE(header.length * 8, 4);
  return Buffer.concat([Buffer.from(header), parts.iv, parts.ciphertext, bits]);
}

/** By the command line of OpenSSL alone, which gives C1, C3 and C2 as GM/T 0009 has them in DER. */
export function opensslEnvelope(plaintext: Uint8Array, header: string, keyFile: string): string {
  const contentKey = randomBytes(48);
  const iv = randomBytes(16);
  const key = ['-pubin', '-inkey', keyFile];
  const der = openssl(['pkeyutl', '-encrypt', ...key], contentKey);
  const digits = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const sm4 = ['enc', '-sm4-cbc', '-K', digits(contentKey.subarray(32)), '-iv', digits(iv)];
  const ciphertext = openssl(sm4, plaintext);
  const mac = ['-mac', 'HMAC', '-macopt', `hexkey:${digits(contentKey.subarray(0, 32))}`];
  const input = authenticated({ header, iv, ciphertext });
  const tag = openssl(['dgst', '-sm3', ...mac, '-binary'], input);
  return join({ header, contentKey, encryptedKey: fromDer(der), iv, ciphertext, tag });
}

export function openssl(args: readonly string[], input: Uint8Array): Buffer {
  return execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** 04, C1, C3 and C2 from SEQUENCE { INTEGER x, INTEGER y, OCTET STRING C3, OCTET STRING C2 }. */
export function fromDer(der: Buffer): Buffer {
  const values: Buffer[] = [];
  let at = der[1]! < 0x80 ? 2 : 3;
  while (at < der.length) {
    const length = der[at + 1]!;
    values.push(der.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  const [x, y, c3, c2] = values as [Buffer, Buffer, Buffer, Buffer];
  const coordinate = (value: Buffer) => Buffer.concat([Buffer.alloc(32), value]).subarray(-32);
  return Buffer.concat([Buffer.of(4), coordinate(x), coordinate(y), c3, c2]);
}

/** The reverse, for keys whose sizes are those of a content key. */
export function toDer(raw: Buffer): Buffer {
  const integer = (value: Buffer) => {
    const first = value.findIndex(byte => byte !== 0);
    const digits = value.subarray(first);
    const positive = digits[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits;
    return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
  };
  const octets = (value: Buffer) => Buffer.concat([Buffer.of(0x04, value.length), value]);
  const content = Buffer.concat([
    integer(raw.subarray(1, 33)),
    integer(raw.subarray(33, 65)),
    octets(raw.subarray(65, 97)),
    octets(raw.subarray(97)),
  ]);
  return Buffer.concat([Buffer.of(0x30, 0x81, content.length), content]);
}
