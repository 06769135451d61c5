/** Signatures of JWS in the algorithms of FAPI 2.0 Security Profile section 5.4.1. */
import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { CompactJwt, JsonMembers } from '../../core/compact-jwt.ts';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import type { SigningKey } from '../key-ring/index.ts';

/** RFC 7518 sections 3.4 and 3.5, RFC 8037 section 3.1; `none` and shared secrets are not there. */
export const FAPI_ALGORITHMS: ReadonlyMap<unknown, SignatureAlgorithm> = new Map([
  ['PS256', 'rsa-pss-sha256'],
  ['ES256', 'ecdsa-p256-sha256'],
  ['EdDSA', 'ed25519'],
  ['Ed25519', 'ed25519'],
]);

/** r and s, 32 bytes each, of P-256; R and S of Ed25519. */
const CURVE_SIGNATURE_BYTES = 64;

export function verifyJwt(
  { signed, signature }: CompactJwt,
  algorithm: SignatureAlgorithm,
  spki: Uint8Array,
): boolean {
  const key = createPublicKey({ key: Buffer.from(spki), type: 'spki', format: 'der' });
  if (signature.length !== signatureBytes(key)) return false;
  return verify(digestOf(algorithm), Buffer.from(signed), parametersOf(algorithm, key), signature);
}

/**
 * RFC 8017 section 8.1.2: as long as the modulus, where OpenSSL takes one without its leading zeros
 * as well. No other text is to stand for the same signature.
 */
function signatureBytes({ asymmetricKeyDetails }: KeyObject): number {
  const bits = asymmetricKeyDetails?.modulusLength;
  return bits === undefined ? CURVE_SIGNATURE_BYTES : Math.ceil(bits / 8);
}

export function signJwt(typ: string, claims: JsonMembers, key: SigningKey): string {
  const { kid, algorithm: alg, privateKey } = key;
  const signed = `${encode({ typ, alg, kid })}.${encode(claims)}`;
  const algorithm = FAPI_ALGORITHMS.get(alg)!;
  const parameters = parametersOf(algorithm, privateKey);
  const signature = sign(digestOf(algorithm), Buffer.from(signed), parameters);
  return `${signed}.${signature.toString('base64url')}`;
}

function encode(members: JsonMembers): string {
  return Buffer.from(JSON.stringify(members)).toString('base64url');
}

function digestOf(algorithm: SignatureAlgorithm): string | undefined {
  return algorithm === 'ed25519' ? undefined : 'sha256';
}

function parametersOf(algorithm: SignatureAlgorithm, key: KeyObject) {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
      return { key, dsaEncoding: 'ieee-p1363' as const };
    case 'rsa-pss-sha256':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    default:
      return { key };
  }
}
