/**
 * SM2 public key encryption (GB/T 32918.4) of a content key, as C1 C3 C2 side by side (GB/T
 * 32918.4-2016 section 6.1), C1 uncompressed. node:crypto does not offer it.
 */
import { createHash, createPublicKey, ECDH, type KeyObject, timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import { sm2PointOf, sm2ScalarOf } from '../../core/sm2.ts';

type Sm2 = typeof import('sm-crypto-v2').sm2;
type Table = ReturnType<Sm2['precomputePublicKey']>;

const POINT_BYTES = 65;
const UNCOMPRESSED = 0x04;
const COORDINATE_BYTES = 32;
const HASH_BYTES = 32;
/** What C1 and C3 add to the content key. */
export const SM2_OVERHEAD_BYTES = POINT_BYTES + HASH_BYTES;
/** C1 C3 C2; the library's 0 is C1 C2 C3, of the standard's draft. */
const C1C3C2 = 1;
/** Bits of a table's window, as for signatures: 32 KB a key. */
const WINDOW_BITS = 4;

const tables = new WeakMap<KeyObject, Table>();
let loaded: Sm2 | undefined;

/** Loaded with the first key: it takes 30 ms, and its own tables take 100 ms more. */
function library(): Sm2 {
  loaded ??= (createRequire(import.meta.url)('sm-crypto-v2') as { readonly sm2: Sm2 }).sm2;
  return loaded;
}

/** `publicKey` is an SM2 key with its point uncompressed. */
export function sm2Encrypt(contentKey: Uint8Array, publicKey: KeyObject): Buffer {
  const made = library().doEncrypt(contentKey, tableOf(publicKey), C1C3C2);
  return Buffer.from(`04${made}`, 'hex');
}

function tableOf(publicKey: KeyObject): Table {
  let table = tables.get(publicKey);
  if (table === undefined) {
    const point = sm2PointOf(publicKey.export({ format: 'der', type: 'spki' }))!;
    table = library().precomputePublicKey(Buffer.from(point).toString('hex'), WINDOW_BITS);
    tables.set(publicKey, table);
  }
  return table;
}

/**
 * The content key; undefined where the point is not on the curve or C3 does not fit. The library
 * multiplies the point, and no more: its own decryption compares C3 digit by digit.
 */
export function sm2Decrypt(encrypted: Uint8Array, privateKey: KeyObject): Buffer | undefined {
  const point = encrypted.subarray(0, POINT_BYTES);
  const digest = encrypted.subarray(POINT_BYTES, SM2_OVERHEAD_BYTES);
  if (!isOnCurve(point)) return undefined;
  const scalar = sm2ScalarOf(privateKey.export({ format: 'der', type: 'pkcs8' }))!;
  const shared = library().ecdh(
    Buffer.from(scalar).toString('hex'),
    Buffer.from(point).toString('hex'),
    false,
  );
  const x = shared.subarray(1, 1 + COORDINATE_BYTES);
  const y = shared.subarray(1 + COORDINATE_BYTES);
  const contentKey = Buffer.from(encrypted.subarray(SM2_OVERHEAD_BYTES));
  const mask = derive(x, y, contentKey.length);
  for (let at = 0; at < contentKey.length; at++) contentKey[at]! ^= mask[at]!;
  const expected = createHash('sm3').update(x).update(contentKey).update(y).digest();
  return timingSafeEqual(expected, digest) ? contentKey : undefined;
}

function isOnCurve(point: Uint8Array): boolean {
  if (point[0] !== UNCOMPRESSED) return false;
  try {
    ECDH.convertKey(point, 'SM2', undefined, undefined, 'uncompressed');
    return true;
  } catch {
    return false;
  }
}

/** The key derivation of GB/T 32918.4 section 5.4.3, with SM3. */
function derive(x: Uint8Array, y: Uint8Array, bytes: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 1; blocks.length * HASH_BYTES < bytes; counter++) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    blocks.push(createHash('sm3').update(x).update(y).update(count).digest());
  }
  return Buffer.concat(blocks, bytes);
}

/**
 * Whether the key, public or private, is what the functions above take. By its DER alone: of a key
 * that was read from PEM, node:crypto tells no type.
 */
export function isSm2Key(key: KeyObject): boolean {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  if (sm2PointOf(publicKey.export({ format: 'der', type: 'spki' })) === undefined) return false;
  return (
    key.type === 'public' || sm2ScalarOf(key.export({ format: 'der', type: 'pkcs8' })) !== undefined
  );
}
