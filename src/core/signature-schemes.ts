/** Which algorithms each way of signing a request can carry. */
import type { SignatureAlgorithm, SignatureSchemeName } from './snapshot.ts';

/** Of a key whose registration names none. */
export const SCHEMES_DEFAULT: readonly SignatureSchemeName[] = ['rfc9421'];

const ALGORITHMS: Readonly<Record<SignatureSchemeName, 'every' | ReadonlySet<SignatureAlgorithm>>> =
  {
    rfc9421: 'every',
    xingyun: new Set<SignatureAlgorithm>(['rsa-v1_5-sha256', 'sm2-sm3']),
    jws: new Set<SignatureAlgorithm>(['rsa-v1_5-sha256', 'rsa-pss-sha256', 'ecdsa-p256-sha256']),
    cavage: new Set<SignatureAlgorithm>(['rsa-v1_5-sha256', 'hmac-sha256', 'ed25519']),
  };

export function schemeTakes(scheme: SignatureSchemeName, algorithm: SignatureAlgorithm): boolean {
  const algorithms = ALGORITHMS[scheme];
  return algorithms === 'every' || algorithms.has(algorithm);
}
