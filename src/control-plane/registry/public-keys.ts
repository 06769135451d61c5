/** Reads public keys and makes sure that they are fit for their algorithm. */
import {
  createHash,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { sm2PointOf } from '../../core/sm2.ts';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';

const RSA_MIN_BITS = 2_048;
/** A check costs the square of it: 16 times the price of 2048 bits. */
const RSA_MAX_BITS = 8_192;

const CURVES: Partial<Record<SignatureAlgorithm, string>> = {
  'ecdsa-p256-sha256': 'prime256v1',
  'ecdsa-p384-sha384': 'secp384r1',
};

interface PssHash {
  readonly hash: string;
  readonly bytes: number;
}

const PSS_HASHES: Partial<Record<SignatureAlgorithm, PssHash>> = {
  'rsa-pss-sha512': { hash: 'sha512', bytes: 64 },
  'rsa-pss-sha256': { hash: 'sha256', bytes: 32 },
};

/** RFC 7468 section 2, and whatever else a reader might take for the beginning of a block. */
const PEM_BEGIN = /-----BEGIN (?:([A-Z0-9 ]+)-----)?/g;
const UNREADABLE = 'does not hold a public key that can be read';

/** Milliseconds since the epoch. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface ReadKey {
  readonly key: KeyObject;
  /** Of the certificate that it came in. */
  readonly certificate: Validity | undefined;
}

/** The key in a PEM text or a JWK, or why it cannot be had, as a verb phrase. */
export function readPublicKey(source: string | JsonWebKey): ReadKey | string {
  try {
    if (typeof source !== 'string') {
      const key = createPublicKey({ key: source, format: 'jwk' });
      return { key, certificate: undefined };
    }
    // createPublicKey would take the public half of it, and the private half would stay around.
    if (holdsPrivateKey(source)) {
      return 'holds a private key; register the public key and keep the other away';
    }
    const [label, ...more] = Array.from(source.matchAll(PEM_BEGIN), ([, found]) => found);
    // Of several, Node may read another one than the first.
    if (more.length > 0) return 'must hold one PEM block: the key or its certificate, no chain';
    if (label === 'PUBLIC KEY' || label === 'RSA PUBLIC KEY') {
      return { key: createPublicKey(source), certificate: undefined };
    }
    if (label !== 'CERTIFICATE') return UNREADABLE;
    const { publicKey, validFromDate, validToDate } = new X509Certificate(source);
    const notBeforeMs = validFromDate.getTime();
    // To the end of its last second (RFC 5280 section 4.1.2.5).
    return {
      key: publicKey,
      certificate: { notBeforeMs, notAfterMs: validToDate.getTime() + 999 },
    };
  } catch {
    return UNREADABLE;
  }
}

/** However its label is spaced: what is stored and shown must not hold one that looks like none. */
export function holdsPrivateKey(text: string): boolean {
  return /PRIVATE\s+KEY/i.test(text);
}

/** RFC 9421 section 3.3 says which key an algorithm takes. */
export function checkPublicKey(key: KeyObject, algorithm: SignatureAlgorithm): string | undefined {
  const type = key.asymmetricKeyType ?? 'unknown';
  const curve = CURVES[algorithm];
  if (curve !== undefined) {
    if (type === 'ec' && key.asymmetricKeyDetails?.namedCurve === curve) return undefined;
    return `does not hold an EC key on ${curve}, which ${algorithm} needs`;
  }
  if (algorithm === 'sm2-sm3') {
    return isSm2(key) ? undefined : 'does not hold an SM2 key whose point is uncompressed';
  }
  if (algorithm === 'ed25519') {
    return type === 'ed25519' ? undefined : 'does not hold an Ed25519 key, which ed25519 needs';
  }
  if (type === 'rsa') return checkRsaSize(key);
  const pssHash = PSS_HASHES[algorithm];
  if (type === 'rsa-pss' && pssHash !== undefined) {
    return checkRsaSize(key) ?? checkPssParameters(key, pssHash);
  }
  return `does not hold an RSA key, which ${algorithm} needs`;
}

function checkRsaSize(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < RSA_MIN_BITS || modulusLength > RSA_MAX_BITS) {
    return `must hold an RSA key of ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits, not ${modulusLength}`;
  }
  // FIPS 186-5 section 5.4: odd and between 2^16 and 2^256; an exponent of 1 signs anything.
  if (publicExponent % 2n === 0n || publicExponent <= 65_536n || publicExponent >= 1n << 256n) {
    return 'must hold an RSA key whose exponent is odd and from 65537 to below 2^256';
  }
  return undefined;
}

/**
 * RFC 9421 section 3.3.1 and RFC 7518 section 3.5: one hash twice and a salt of its length; a
 * restricted key must allow it.
 */
function checkPssParameters(key: KeyObject, { hash, bytes }: PssHash): string | undefined {
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = key.asymmetricKeyDetails ?? {};
  const isFree = hashAlgorithm === undefined;
  if (isFree || (hashAlgorithm === hash && mgf1HashAlgorithm === hash && saltLength <= bytes)) {
    return undefined;
  }
  const name = hash.toUpperCase().replace('SHA', 'SHA-');
  return `holds an RSA-PSS key whose parameters exclude ${name} with a salt of ${bytes} bytes`;
}

function isSm2(key: KeyObject): boolean {
  return sm2PointOf(key.export({ type: 'spki', format: 'der' })) !== undefined;
}

/**
 * What a person recognises the key by, base64url: the SHA-256 thumbprint of RFC 7638, or that of
 * its SubjectPublicKeyInfo where no JWK can hold it (RSASSA-PSS and SM2 keys).
 */
export function thumbprintOf(key: KeyObject, spki: Uint8Array): string {
  const hash = createHash('sha256');
  if (key.asymmetricKeyType === 'rsa-pss' || isSm2(key))
    return hash.update(spki).digest('base64url');
  const { crv, e, kty, n, x, y } = key.export({ format: 'jwk' });
  // RFC 7638 section 3: the required members, in the order of their names, and nothing else.
  return hash.update(JSON.stringify({ crv, e, kty, n, x, y })).digest('base64url');
}
