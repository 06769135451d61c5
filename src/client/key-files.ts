/** Keys as files: PKCS #8 and SubjectPublicKeyInfo in PEM, HMAC secrets in base64. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { HMAC_SECRET_MIN_BYTES, loadSigningKey } from '../core/signing-key.ts';
import type { SignatureAlgorithm } from '../core/snapshot.ts';

/** The least that is accepted: checking a longer one costs the gateway more on every call. */
const RSA_MODULUS_BITS = 2_048;

export interface GeneratedKey {
  /** PEM, or the secret in base64. For its owner's eyes only. */
  readonly privateText: string;
  /** PEM; undefined for hmac-sha256, where both sides hold the secret. */
  readonly publicText: string | undefined;
}

function generatePrivateKey(algorithm: Exclude<SignatureAlgorithm, 'hmac-sha256'>): KeyObject {
  switch (algorithm) {
    case 'rsa-v1_5-sha256':
    case 'rsa-pss-sha512':
    case 'rsa-pss-sha256':
      return generateKeyPairSync('rsa', { modulusLength: RSA_MODULUS_BITS }).privateKey;
    case 'ecdsa-p256-sha256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
    case 'ecdsa-p384-sha384':
      return generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey;
    case 'sm2-sm3':
      return generateKeyPairSync('ec', { namedCurve: 'SM2' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
  }
}

export function generateKey(algorithm: SignatureAlgorithm): GeneratedKey {
  if (algorithm === 'hmac-sha256') {
    const privateText = `${randomBytes(HMAC_SECRET_MIN_BYTES).toString('base64')}\n`;
    return { privateText, publicText: undefined };
  }
  const privateText = generatePrivateKey(algorithm).export({ type: 'pkcs8', format: 'pem' });
  return { privateText: String(privateText), publicText: publicTextOf(String(privateText)) };
}

/** The public half of a private key, PEM. Throws where the text is no private key. */
export function publicTextOf(privateText: string): string {
  return String(createPublicKey(privateText).export({ type: 'spki', format: 'pem' }));
}

/**
 * Writes a file that only its owner may read, whole or not at all. False where it exists already:
 * a key is never overwritten.
 */
export function createPrivateFile(file: string, text: string): boolean {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  try {
    // Unlike a rename, a link fails where the name is taken.
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/**
 * Reads what signs with this algorithm.
 * @throws Error where the file cannot be read or does not hold a key that fits
 */
export function readSigningKey(file: string, algorithm: SignatureAlgorithm): KeyObject {
  return loadSigningKey(algorithm, readFileSync(file, 'utf8'));
}
