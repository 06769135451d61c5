/**
 * One check, carried out. The front thread and the workers run this same code, so that where a
 * check runs can change nothing but its latency.
 */
import { createHmac, hash, timingSafeEqual, verify } from 'node:crypto';
import type { BodyDigest, CheckOutcome } from '../../core/check.ts';
import { asDerSignature } from './signature-forms.ts';
import type { VerifyKey } from './verify-key.ts';

const DIGEST_HASH = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

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
  return digestsMatch(digests, body) ? 'valid' : 'digest-mismatch';
}

/** Whether a body has each of the digests. */
export function digestsMatch(digests: readonly BodyDigest[], body: Uint8Array): boolean {
  for (const { algorithm, expected } of digests) {
    const actual = hash(DIGEST_HASH[algorithm], body, 'buffer');
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) return false;
  }
  return true;
}

function signatureIsValid(key: VerifyKey, base: Uint8Array, signature: Uint8Array): boolean {
  if (key.algorithm === 'hmac-sha256') {
    const actual = createHmac('sha256', key.object).update(base).digest();
    return timingSafeEqual(actual, signature);
  }
  const checked = key.isEcdsa ? asDerSignature(signature) : signature;
  return verify(key.hash, base, key.object, checked);
}
