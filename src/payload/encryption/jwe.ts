/** JWE (RFC 7516): RSA-OAEP-256 or ECDH-ES on P-256 (RFC 7518 sections 4.3, 4.6), A256GCM. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, errors } from 'jose';
import {
  type EncryptionKey,
  type Envelope,
  type PayloadCipher,
  undecryptable,
} from './payload-cipher.ts';

const CONTENT_ENCRYPTION = 'A256GCM';
const BITS_PER_BYTE = 8;
/** A coordinate of P-256 in base64url. */
const COORDINATE = /^[\w-]{43}$/;

class Jwe implements PayloadCipher {
  readonly contentEncryption = CONTENT_ENCRYPTION;
  readonly ivBytes = 12;
  readonly tagBytes = 16;
  readonly encryptedKeyBytes: PayloadCipher['encryptedKeyBytes'];

  constructor(encryptedKeyBytes: PayloadCipher['encryptedKeyBytes']) {
    this.encryptedKeyBytes = encryptedKeyBytes;
  }

  encrypt(plaintext: Uint8Array, { kid, algorithm, key }: EncryptionKey): Promise<string> {
    const header = { alg: algorithm, enc: CONTENT_ENCRYPTION, kid };
    return new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(key);
  }

  async decrypt(envelope: Envelope, { algorithm, key }: EncryptionKey): Promise<Uint8Array> {
    if (algorithm === 'ECDH-ES' && !isPointOnP256(envelope.header.epk)) throw undecryptable();
    try {
      const { plaintext } = await compactDecrypt(envelope.text, key, {
        keyManagementAlgorithms: [algorithm],
        contentEncryptionAlgorithms: [CONTENT_ENCRYPTION],
      });
      return plaintext;
    } catch (error) {
      if (error instanceof errors.JOSEError) throw undecryptable();
      throw error;
    }
  }
}

export const rsaJwe = new Jwe(rsaModulusBytes);

/** The key agreed upon encrypts the payload itself (RFC 7518 section 4.6). */
export const ecdhJwe = new Jwe(() => 0);

function rsaModulusBytes(key: KeyObject): number {
  return Math.ceil(key.asymmetricKeyDetails!.modulusLength! / BITS_PER_BYTE);
}

/** A point of another curve would give away the private key bit by bit (RFC 7518 section 8.4). */
function isPointOnP256(epk: unknown): boolean {
  if (typeof epk !== 'object' || epk === null) return false;
  const { kty, crv, x, y, key_ops: uses = [] } = epk as Readonly<Record<string, unknown>>;
  if (kty !== 'EC' || crv !== 'P-256' || Object.hasOwn(epk, 'd')) return false;
  // The library would throw a TypeError: it takes these for sequences.
  if (Object.hasOwn(epk, 'oth') || !isAgreement(uses)) return false;
  if (!isCoordinate(x) || !isCoordinate(y)) return false;
  try {
    createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** RFC 7517 section 4.3. */
function isAgreement(uses: unknown): boolean {
  return Array.isArray(uses) && uses.every(use => use === 'deriveKey' || use === 'deriveBits');
}

function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && COORDINATE.test(value);
}
