/** Registered key material, made ready for the checks of one algorithm. */
import {
  createHmac,
  createPublicKey,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import { asDerSignature, asPssKey } from './signature-forms.ts';
import { Sm2Key } from './sm2-key.ts';

/** A key made ready for one algorithm. */
export interface VerifyKey {
  readonly algorithm: SignatureAlgorithm;
  /**
   * Whether this key signed it. Throws where the key's parameters forbid what the algorithm asks
   * for.
   */
  verifies(signed: Uint8Array, signature: Uint8Array): boolean;
}

class HmacKey implements VerifyKey {
  readonly algorithm = 'hmac-sha256';
  private readonly secret: KeyObject;

  constructor(secret: KeyObject) {
    this.secret = secret;
  }

  verifies(signed: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== HMAC_SHA256_BYTES) return false;
    const actual = createHmac('sha256', this.secret).update(signed).digest();
    return timingSafeEqual(actual, signature);
  }
}

/** A public key that OpenSSL checks with. */
class PublicKey implements VerifyKey {
  readonly algorithm: SignatureAlgorithm;
  /** Without parameters beside it. */
  private readonly object: KeyObject;
  /** The hash inside the signature; null where the algorithm brings its own. */
  private readonly hash: string | null;
  /** The only length that a signature by this key can have. */
  private readonly signatureBytes: number;
  /** Signatures are r and s side by side. */
  private readonly isEcdsa: boolean;

  constructor(
    algorithm: SignatureAlgorithm,
    object: KeyObject,
    hash: string | null,
    signatureBytes: number,
  ) {
    this.algorithm = algorithm;
    this.object = object;
    this.hash = hash;
    this.signatureBytes = signatureBytes;
    this.isEcdsa = algorithm === 'ecdsa-p256-sha256' || algorithm === 'ecdsa-p384-sha384';
  }

  verifies(signed: Uint8Array, signature: Uint8Array): boolean {
    // OpenSSL answers a wrong length in many ways; none of them is asked.
    if (signature.length !== this.signatureBytes) return false;
    const checked = this.isEcdsa ? asDerSignature(signature) : signature;
    return verify(this.hash, signed, this.object, checked);
  }
}

const HMAC_SHA256_BYTES = 32;
const ED25519_SIGNATURE_BYTES = 64;
/** Two coordinates of the curve's size (RFC 9421 sections 3.3.4 and 3.3.5, IEEE P1363 form). */
const P256_SIGNATURE_BYTES = 64;
const P384_SIGNATURE_BYTES = 96;

/**
 * Makes `material` (SubjectPublicKeyInfo DER, or the secret for hmac-sha256) ready for `algorithm`.
 * Returns undefined where the material cannot be read or is a key for another algorithm.
 */
export function importVerifyKey(
  algorithm: SignatureAlgorithm,
  material: Uint8Array,
): VerifyKey | undefined {
  // Anyone can sign with an empty secret.
  if (algorithm === 'hmac-sha256' && material.length === 0) return undefined;
  try {
    return algorithm === 'hmac-sha256'
      ? new HmacKey(createSecretKey(material))
      : importPublicKey(algorithm, readKey(material));
  } catch {
    // Not hidden: it becomes the outcome `failed`, and the registry refuses such a key at load.
    return undefined;
  }
}

function importPublicKey(
  algorithm: Exclude<SignatureAlgorithm, 'hmac-sha256'>,
  object: KeyObject,
): VerifyKey | undefined {
  const type = object.asymmetricKeyType;
  const { namedCurve, modulusLength = 0 } = object.asymmetricKeyDetails ?? {};
  const modulusBytes = Math.ceil(modulusLength / 8);
  switch (algorithm) {
    case 'rsa-v1_5-sha256':
      if (type !== 'rsa') return undefined;
      return new PublicKey(algorithm, object, 'sha256', modulusBytes);
    case 'rsa-pss-sha512':
    case 'rsa-pss-sha256': {
      if (type !== 'rsa' && type !== 'rsa-pss') return undefined;
      const hash = algorithm === 'rsa-pss-sha512' ? 'sha512' : 'sha256';
      return new PublicKey(algorithm, pssKey(object, hash), hash, modulusBytes);
    }
    case 'ecdsa-p256-sha256':
      if (namedCurve !== 'prime256v1') return undefined;
      return new PublicKey(algorithm, object, 'sha256', P256_SIGNATURE_BYTES);
    case 'ecdsa-p384-sha384':
      if (namedCurve !== 'secp384r1') return undefined;
      return new PublicKey(algorithm, object, 'sha384', P384_SIGNATURE_BYTES);
    case 'ed25519':
      if (type !== 'ed25519') return undefined;
      return new PublicKey(algorithm, object, null, ED25519_SIGNATURE_BYTES);
    case 'sm2-sm3':
      return Sm2Key.fromSpki(object.export({ format: 'der', type: 'spki' }));
  }
}

/**
 * By way of PEM, which OpenSSL's decoders read straight into the form that its checks use: an
 * RSA-2048 key with its first check takes 54 µs, from DER 92 µs (Node 24.21).
 */
function readKey(spki: Uint8Array): KeyObject {
  const lines = Buffer.from(spki)
    .toString('base64')
    .replaceAll(/.{64}(?=.)/g, '$&\n');
  return createPublicKey(`-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`);
}

/**
 * RFC 9421 section 3.3.1 and RFC 7518 section 3.5 have signers take a salt as long as the hash, but
 * common libraries take the longest that the key allows. PSS tells the length by itself and none of
 * them is easier to forge, so any is accepted, also where a key's parameters name one: RFC 4055
 * section 3.1 means the least, and OpenSSL would take it for the only one. A key whose parameters
 * forbid the algorithm's hash stays as it is and fails at the check.
 */
function pssKey(object: KeyObject, hash: string): KeyObject {
  const { hashAlgorithm = hash, mgf1HashAlgorithm = hash } = object.asymmetricKeyDetails!;
  if (hashAlgorithm !== hash || mgf1HashAlgorithm !== hash) return object;
  return readKey(asPssKey(object.export({ format: 'der', type: 'spki' })));
}
