/**
 * One check, carried out. The front thread and the workers run this same code, so that where a
 * check runs can change nothing but its latency.
 */
import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  hash,
  type KeyObject,
  timingSafeEqual,
  type VerifyKeyObjectInput,
  verify,
} from 'node:crypto';
import type { BodyDigest, CheckOutcome } from '../../core/check.ts';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';

/** A key made ready for one algorithm. */
export interface VerifyKey {
  readonly algorithm: SignatureAlgorithm;
  readonly object: KeyObject;
  /** What node:crypto verifies with; the object itself or the object with its parameters. */
  readonly input: KeyObject | VerifyKeyObjectInput;
  /** The hash inside the signature; null where the algorithm brings its own. */
  readonly hash: string | null;
  /** The only length that a signature by this key can have. */
  readonly signatureBytes: number;
}

/**
 * RFC 9421 section 3.3.1 has signers take 64 bytes of salt, but common libraries take the longest
 * that the key allows. PSS tells the length by itself and none of them is easier to forge, so any
 * is accepted.
 */
const PSS_SALT_BYTES = constants.RSA_PSS_SALTLEN_AUTO;
const HMAC_SHA256_BYTES = 32;
const ED25519_SIGNATURE_BYTES = 64;
/** Two coordinates of the curve's size (RFC 9421 sections 3.3.4 and 3.3.5, IEEE P1363 form). */
const P256_SIGNATURE_BYTES = 64;
const P384_SIGNATURE_BYTES = 96;
const DIGEST_HASH = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/**
 * Makes `material` (SubjectPublicKeyInfo DER, or the secret for hmac-sha256) ready for `algorithm`.
 * Returns undefined where the material cannot be read or is a key for another algorithm.
 */
export function importVerifyKey(
  algorithm: SignatureAlgorithm,
  material: Uint8Array,
): VerifyKey | undefined {
  if (algorithm === 'hmac-sha256') {
    // Anyone can sign with an empty secret.
    if (material.length === 0) return undefined;
    const object = createSecretKey(material);
    return { algorithm, object, input: object, hash: 'sha256', signatureBytes: HMAC_SHA256_BYTES };
  }
  let object: KeyObject;
  try {
    object = createPublicKey({ key: Buffer.from(material), format: 'der', type: 'spki' });
  } catch {
    // Not hidden: it becomes the outcome `failed`, and the registry refuses such a key at load.
    return undefined;
  }
  const type = object.asymmetricKeyType;
  const details = object.asymmetricKeyDetails;
  const modulusBytes = Math.ceil((details?.modulusLength ?? 0) / 8);
  switch (algorithm) {
    case 'rsa-v1_5-sha256':
      if (type !== 'rsa') return undefined;
      return { algorithm, object, input: object, hash: 'sha256', signatureBytes: modulusBytes };
    case 'rsa-pss-sha512': {
      if (type !== 'rsa' && type !== 'rsa-pss') return undefined;
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const input = { key: object, padding, saltLength: PSS_SALT_BYTES };
      return { algorithm, object, input, hash: 'sha512', signatureBytes: modulusBytes };
    }
    case 'ecdsa-p256-sha256':
      if (details?.namedCurve !== 'prime256v1') return undefined;
      return ecdsaKey(algorithm, object, 'sha256', P256_SIGNATURE_BYTES);
    case 'ecdsa-p384-sha384':
      if (details?.namedCurve !== 'secp384r1') return undefined;
      return ecdsaKey(algorithm, object, 'sha384', P384_SIGNATURE_BYTES);
    case 'ed25519':
      if (type !== 'ed25519') return undefined;
      return {
        algorithm,
        object,
        input: object,
        hash: null,
        signatureBytes: ED25519_SIGNATURE_BYTES,
      };
  }
}

function ecdsaKey(
  algorithm: SignatureAlgorithm,
  object: KeyObject,
  hashName: string,
  signatureBytes: number,
): VerifyKey {
  const input: VerifyKeyObjectInput = { key: object, dsaEncoding: 'ieee-p1363' };
  return { algorithm, object, input, hash: hashName, signatureBytes };
}

/**
 * Checks one signature over `base` and the digests of `body`.
 *
 * The signature comes first whatever the body costs: who cannot sign cannot make us hash a body of
 * any size, and neither the outcome nor the time of a refused signature tells anything about the
 * digests. So `digest-mismatch` is only ever told to the holder of the key.
 */
export function runCheck(
  key: VerifyKey,
  base: Uint8Array,
  signature: Uint8Array,
  digests: readonly BodyDigest[],
  body: Uint8Array,
): CheckOutcome {
  // OpenSSL answers a wrong length in many ways; none of them is asked.
  if (signature.length !== key.signatureBytes) return 'signature-invalid';
  try {
    if (!signatureIsValid(key, base, signature)) return 'signature-invalid';
  } catch {
    // Not hidden but told: an RSA-PSS key may carry parameters that forbid what the algorithm asks
    // for, and OpenSSL only notices here. The check could not be carried out.
    return 'failed';
  }
  for (const digest of digests) {
    const actual = hash(DIGEST_HASH[digest.algorithm], body, 'buffer');
    if (actual.length !== digest.expected.length || !timingSafeEqual(actual, digest.expected)) {
      return 'digest-mismatch';
    }
  }
  return 'valid';
}

function signatureIsValid(key: VerifyKey, base: Uint8Array, signature: Uint8Array): boolean {
  if (key.algorithm === 'hmac-sha256') {
    const actual = createHmac('sha256', key.object).update(base).digest();
    return timingSafeEqual(actual, signature);
  }
  return verify(key.hash, base, key.input, signature);
}
