/**
 * One check, carried out. The front thread and the workers run this same code, so that where a
 * check runs can change nothing but its latency.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { BodyDigest, CheckOutcome } from '../../core/check.ts';
import type { VerifyKey } from './verify-key.ts';

const DIGEST_HASH = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/**
 * Checks one signature over `signed` and the digests of `body`.
 *
 * The signature comes first whatever the body costs: where a digest covers it, who cannot sign
 * cannot make us hash a body of any size, and neither the outcome nor the time of a refused
 * signature tells anything about the digests. So `digest-mismatch` is only ever told to the holder
 * of the key.
 */
export function runCheck(
  key: VerifyKey,
  signed: Uint8Array,
  signature: Uint8Array,
  digests: readonly BodyDigest[],
  body: Uint8Array,
): CheckOutcome {
  try {
    if (!key.verifies(signed, signature)) return 'signature-invalid';
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
