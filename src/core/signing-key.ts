/** Loading what a partner signs with, refused early where it cannot give a valid signature. */
import {
  constants,
  createPrivateKey,
  createSecretKey,
  KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { sm2ScalarOf } from './sm2.ts';
import type { SignatureAlgorithm } from './snapshot.ts';

/** RFC 8017 keys below this are refused by the gateway as well. */
export const RSA_MODULUS_MIN_BITS = 2_048;
/** RFC 2104 section 3: a key shorter than the hash's output weakens HMAC. */
export const HMAC_SECRET_MIN_BYTES = 32;

/**
 * The text of a key file (PEM; base64 for hmac-sha256), a KeyObject, or bytes: those of the PEM, or
 * of the secret itself.
 */
export type PrivateKeyInput = string | Uint8Array | KeyObject;

/** What node:crypto needs for one algorithm. */
export interface SigningMethod {
  /** Digest for `crypto.sign`; null where the algorithm brings its own (Ed25519). */
  readonly hash: string | null;
  readonly keyType: 'rsa' | 'ec' | 'ed25519' | 'secret';
  /** OpenSSL's name of the curve, for `ec`. */
  readonly curve: string | undefined;
  readonly options: Omit<SignKeyObjectInput, 'key'>;
}

const P1363 = { dsaEncoding: 'ieee-p1363' } as const;

export const SIGNING_METHODS: Readonly<Record<SignatureAlgorithm, SigningMethod>> = {
  'rsa-v1_5-sha256': {
    hash: 'sha256',
    keyType: 'rsa',
    curve: undefined,
    options: { padding: constants.RSA_PKCS1_PADDING },
  },
  // RFC 9421 section 3.3.1: MGF1 with SHA-512 and a salt of 64 bytes.
  'rsa-pss-sha512': {
    hash: 'sha512',
    keyType: 'rsa',
    curve: undefined,
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
  },
  // RFC 7518 section 3.5: a salt as long as the hash.
  'rsa-pss-sha256': {
    hash: 'sha256',
    keyType: 'rsa',
    curve: undefined,
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  },
  // RFC 9421 sections 3.3.4 and 3.3.5: r and s side by side, not DER.
  'ecdsa-p256-sha256': { hash: 'sha256', keyType: 'ec', curve: 'prime256v1', options: P1363 },
  'ecdsa-p384-sha384': { hash: 'sha384', keyType: 'ec', curve: 'secp384r1', options: P1363 },
  ed25519: { hash: null, keyType: 'ed25519', curve: undefined, options: {} },
  'hmac-sha256': { hash: 'sha256', keyType: 'secret', curve: undefined, options: {} },
  // node:crypto only holds the key: see message-key.ts.
  'sm2-sm3': { hash: 'sm3', keyType: 'ec', curve: 'SM2', options: {} },
};

/**
 * The key as a KeyObject that fits the algorithm.
 * @throws TypeError where the key is of another kind, another curve, or too short
 */
export function loadSigningKey(algorithm: SignatureAlgorithm, input: PrivateKeyInput): KeyObject {
  const method = SIGNING_METHODS[algorithm];
  if (method === undefined) throw new TypeError(`Unknown signature algorithm "${algorithm}".`);
  return method.keyType === 'secret' ? loadSecret(input) : loadPrivateKey(algorithm, method, input);
}

/**
 * The bytes of a secret in base64 or base64url.
 * @throws TypeError where the text is anything else
 */
export function decodeSecret(text: string): Uint8Array {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed)) {
    throw new TypeError('The secret is not base64.');
  }
  return Buffer.from(trimmed, 'base64');
}

function loadSecret(input: PrivateKeyInput): KeyObject {
  const key =
    input instanceof KeyObject
      ? input
      : createSecretKey(typeof input === 'string' ? decodeSecret(input) : input);
  if (key.type !== 'secret') throw new TypeError('hmac-sha256 takes a secret key.');
  if (key.symmetricKeySize! < HMAC_SECRET_MIN_BYTES) {
    throw new TypeError(`The secret is shorter than ${HMAC_SECRET_MIN_BYTES} bytes.`);
  }
  return key;
}

function loadPrivateKey(
  algorithm: SignatureAlgorithm,
  method: SigningMethod,
  input: PrivateKeyInput,
): KeyObject {
  const key = input instanceof KeyObject ? input : createPrivateKey(Buffer.from(input));
  if (key.type !== 'private') throw new TypeError(`${algorithm} takes a private key.`);
  if (algorithm === 'sm2-sm3') return requireSm2(key);
  const fits =
    key.asymmetricKeyType === method.keyType ||
    (algorithm.startsWith('rsa-pss') && key.asymmetricKeyType === 'rsa-pss');
  if (!fits) {
    throw new TypeError(`${algorithm} cannot sign with a key of type ${key.asymmetricKeyType}.`);
  }
  const details = key.asymmetricKeyDetails!;
  if (method.curve !== undefined && details.namedCurve !== method.curve) {
    throw new TypeError(`${algorithm} cannot sign on the curve ${details.namedCurve}.`);
  }
  if (details.modulusLength !== undefined && details.modulusLength < RSA_MODULUS_MIN_BITS) {
    throw new TypeError(`RSA keys need at least ${RSA_MODULUS_MIN_BITS} bits.`);
  }
  return key;
}

/** Node gives such a key no type. */
function requireSm2(key: KeyObject): KeyObject {
  if (sm2ScalarOf(key.export({ format: 'der', type: 'pkcs8' })) !== undefined) return key;
  throw new TypeError('sm2-sm3 takes a private key on the curve SM2.');
}
