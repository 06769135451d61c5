/**
 * What an SM2 signature is over (GB/T 32918.2 sections 5.5 and 6.1), and where the numbers stand in
 * a key's DER: node:crypto reads and writes such keys, but does not say of which curve they are.
 */
import { createHash } from 'node:crypto';

/** An uncompressed point (SEC 1 section 2.3.3): 0x04, x and y. */
const POINT_BYTES = 65;
const UNCOMPRESSED = 0x04;
const SCALAR_BYTES = 32;
/** id-ecPublicKey on the curve 1.2.156.10197.1.301, up to the point or the private number. */
const SPKI_START = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex');
const PKCS8_START = Buffer.from(
  '308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420',
  'hex',
);
/** The one that GM/T 0009 section 10 names where nothing else is agreed. */
const USER_ID = Buffer.from('1234567812345678');
/** a, b and the base point of sm2p256v1 (GB/T 32918.5 section 4). */
const CURVE = Buffer.from(
  'fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc' +
    '28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93' +
    '32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7' +
    'bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0',
  'hex',
);
const BITS_PER_BYTE = 8;

/** Z of a signer: SM3 over who it is, the curve and its public key. 32 bytes. */
export function sm2SignerDigest(publicPoint: Uint8Array): Buffer {
  const idBits = Buffer.alloc(2);
  idBits.writeUInt16BE(USER_ID.length * BITS_PER_BYTE);
  const hash = createHash('sm3').update(idBits).update(USER_ID).update(CURVE);
  return hash.update(publicPoint.subarray(1)).digest();
}

/** The 32 bytes that are signed: SM3 over Z and the message. */
export function sm2MessageDigest(signerDigest: Uint8Array, message: Uint8Array): Buffer {
  return createHash('sm3').update(signerDigest).update(message).digest();
}

/**
 * The public point in a SubjectPublicKeyInfo, DER; undefined where it is no SM2 key, or one whose
 * point is compressed.
 */
export function sm2PointOf(spki: Uint8Array): Uint8Array | undefined {
  const point = spki.subarray(SPKI_START.length);
  const isKey = point.length === POINT_BYTES && SPKI_START.equals(spki.subarray(0, -POINT_BYTES));
  return isKey && point[0] === UNCOMPRESSED ? point : undefined;
}

/** The private number of an SM2 key as node:crypto exports it, PKCS #8 in DER. */
export function sm2ScalarOf(pkcs8: Uint8Array): Uint8Array | undefined {
  const start = PKCS8_START.length;
  if (!PKCS8_START.equals(pkcs8.subarray(0, start))) return undefined;
  return pkcs8.subarray(start, start + SCALAR_BYTES);
}
