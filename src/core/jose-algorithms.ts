import type { SignatureAlgorithm } from './snapshot.ts';

/**
 * Names of JOSE that a signature may have (RFC 7518 section 3.1, RFC 8037 section 3.1, RFC 9864
 * section 2.2); `none` and shared secrets are not among them.
 */
export const JOSE_ALGORITHMS: ReadonlyMap<unknown, SignatureAlgorithm> = new Map([
  ['RS256', 'rsa-v1_5-sha256'],
  ['PS256', 'rsa-pss-sha256'],
  ['ES256', 'ecdsa-p256-sha256'],
  ['ES384', 'ecdsa-p384-sha384'],
  ['EdDSA', 'ed25519'],
  ['Ed25519', 'ed25519'],
]);
