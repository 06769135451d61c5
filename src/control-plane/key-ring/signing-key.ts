/** A key of a ring: what is kept of it, what signs with it, and what everybody may see. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

/** FAPI 2.0 Security Profile section 5.4.1, by the names of RFC 7518 and RFC 8037. */
export const RING_ALGORITHMS = ['ES256', 'PS256', 'EdDSA'] as const;
export type RingAlgorithm = (typeof RING_ALGORITHMS)[number];

/** What signs now. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: RingAlgorithm;
  readonly privateKey: KeyObject;
}

export interface RingKey extends SigningKey {
  /** Milliseconds since the epoch: from then on it signs, until the next key does. */
  readonly activeFromMs: number;
  /** With `kid`, `alg` and `use` (RFC 7517 section 4). */
  readonly jwk: JsonWebKey;
}

/** NIST SP 800-57 part 1 section 5.6.1: 128 bits of strength, as the curves have. */
const RSA_BITS = 3_072;

export function makeRingKey(algorithm: RingAlgorithm, activeFromMs: number): RingKey {
  return ringKeyOf(generate(algorithm), algorithm, activeFromMs);
}

/** @throws Error where the key is not one of its algorithm */
export function ringKeyOf(
  privateKey: KeyObject,
  algorithm: RingAlgorithm,
  activeFromMs: number,
): RingKey {
  const { crv, e, kty, n, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
  const kind = crv === undefined ? kty : `${kty} ${crv}`;
  if (kind !== KINDS[algorithm]) throw new Error(`holds a key that is none for ${algorithm}`);
  // RFC 7638 section 3: the required members, in the order of their names.
  const members = JSON.stringify({ crv, e, kty, n, x, y });
  const kid = createHash('sha256').update(members).digest('base64url');
  const jwk = { ...JSON.parse(members), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, activeFromMs, jwk };
}

/** @throws Error where the text holds no private key */
export function readPrivateKey(pem: string): KeyObject {
  return createPrivateKey(pem);
}

const KINDS: Readonly<Record<RingAlgorithm, string>> = {
  ES256: 'EC P-256',
  PS256: 'RSA',
  EdDSA: 'OKP Ed25519',
};

function generate(algorithm: RingAlgorithm): KeyObject {
  switch (algorithm) {
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: RSA_BITS }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
  }
}
