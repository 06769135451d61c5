/**
 * draft-cavage-http-signatures, versions 10 and 12, as Berlin Group's NextGenPSD2 has it
 * (docs/schemes.md):
 *
 *     Signature: keyId="...",algorithm="...",headers="digest x-request-id date",signature="..."
 *
 * or the same behind `Authorization: Signature`, with the body in Digest (RFC 3230). Sections below
 * are those of version 12.
 */
import type { BodyDigest } from '../../../core/check.ts';
import type { Config } from '../../../core/config.ts';
import { refuseKey } from '../../../core/key-status.ts';
import { type Problem, problem } from '../../../core/problems.ts';
import type { CompiledSnapshot, KeyRecord, SignatureAlgorithm } from '../../../core/snapshot.ts';
import type { CarriedFields } from '../carried-fields.ts';
import { combinedField } from '../field-lines.ts';
import { nonceOfSignature } from '../nonces.ts';
import {
  Candidate,
  isProblem,
  NO_DIGESTS,
  type SignatureScheme,
  type SignedCall,
} from '../scheme.ts';
import { lastAcceptedMs, refuseTime } from '../time-window.ts';
import { refuseCoverage } from './covered-headers.ts';
import { type Credentials, isOurs, readCredentials } from './credentials.ts';
import { readDigest } from './digest.ts';
import { buildSigningString } from './signing-string.ts';
import { readSigningTime } from './signing-time.ts';

const MS_PER_SECOND = 1_000;
/** Names in the parameter `algorithm`; `hs2019` and none leave it to the key (section 2.1.3). */
const NAMES: Partial<Record<SignatureAlgorithm, string>> = {
  'rsa-v1_5-sha256': 'rsa-sha256',
  'hmac-sha256': 'hmac-sha256',
  ed25519: 'ed25519',
};
const OF_KEY = 'hs2019';
const EVERY_NONCE_KNOWN = Number.NEGATIVE_INFINITY;

export class CavageScheme implements SignatureScheme {
  readonly name = 'cavage';
  private readonly window: Pick<Config['signatures'], 'createdMaxAgeMs' | 'clockSkewMs'>;

  constructor(window: Pick<Config['signatures'], 'createdMaxAgeMs' | 'clockSkewMs'>) {
    this.window = window;
  }

  /** A Signature with a Signature-Input beside it is one of RFC 9421. */
  recognises({ hasSignatureInput, hasSignature, authorization }: CarriedFields): boolean {
    if (hasSignatureInput) return false;
    return hasSignature || (authorization !== undefined && isOurs(authorization));
  }

  prepare(
    { arrival, body }: SignedCall,
    keys: CompiledSnapshot['keys'],
    nowMs: number,
    acceptCreatedAfterMs: number,
  ): Candidate | Problem {
    const credentials = readCredentials(arrival.headers);
    if (isProblem(credentials)) return credentials;
    const { keyId, covered, created, expires, signature } = credentials;
    const entry = keys.get(keyId);
    if (entry === undefined) {
      return problem('key-unknown', 'No key is registered under this keyId.');
    }
    const refusal =
      refuseAlgorithm(credentials.algorithm, entry.key) ??
      refuseKey(entry, nowMs) ??
      refuseCoverage(covered, body.length > 0);
    if (refusal !== undefined) return refusal;
    const signed = readSigningTime(credentials, arrival.headers);
    if (typeof signed !== 'number') return signed;
    const lastMs = lastAcceptedMs(signed, expires, this.window);
    const late =
      refuseTime(signed, lastMs, nowMs, acceptCreatedAfterMs, this.window) ??
      this.refuseFuture(created, nowMs);
    if (late !== undefined) return late;
    const digests = coveredDigests(arrival.headers, covered);
    if (isProblem(digests)) return digests;
    const base = buildSigningString(arrival, covered, credentials);
    if (typeof base !== 'string') return base;
    return new Candidate(entry, { base, bodyForm: 'none', digests }, signature, {
      nonce: nonceOfSignature(signature),
      createdMs: signed * MS_PER_SECOND,
      expiresAtMs: lastMs,
    });
  }

  /** Covered or not, a `created` in the future must not be processed (section 2.1.4). */
  private refuseFuture(created: Credentials['created'], nowMs: number): Problem | undefined {
    if (created === undefined) return undefined;
    const everMs = Number.POSITIVE_INFINITY;
    return refuseTime(created, everMs, nowMs, EVERY_NONCE_KNOWN, this.window);
  }
}

function refuseAlgorithm(named: string | undefined, key: KeyRecord): Problem | undefined {
  const name = NAMES[key.algorithm];
  if (name !== undefined && (named === undefined || named === OF_KEY || named === name)) {
    return undefined;
  }
  return problem('signature-algorithm', `The key is registered for ${key.algorithm}.`);
}

/** The digests that the body must have; an empty body has one as well. */
function coveredDigests(
  headers: readonly string[],
  covered: readonly string[],
): readonly BodyDigest[] | Problem {
  if (!covered.includes('digest')) return NO_DIGESTS;
  const text = combinedField(headers, 'digest');
  if (text !== undefined) return readDigest(text);
  return problem('signature-malformed', 'digest is covered and not in the request.');
}
