/**
 * Detached JWS in `x-jws-signature` (RFC 7515 appendix F, RFC 7797), as UK Open Banking has it. It
 * covers the body; what else a call is, its header may name (docs/schemes.md).
 */

import { normaliseAuthority } from '../../../core/authority.ts';
import type { Config } from '../../../core/config.ts';
import { refuseKey } from '../../../core/key-status.ts';
import { type Problem, problem } from '../../../core/problems.ts';
import type { CompiledSnapshot, KeyRecord, SignatureAlgorithm } from '../../../core/snapshot.ts';
import type { CarriedFields } from '../carried-fields.ts';
import { nonceOfSignature } from '../nonces.ts';
import {
  Candidate,
  isProblem,
  NO_DIGESTS,
  type SignatureScheme,
  type SignedCall,
} from '../scheme.ts';
import { lastAcceptedMs, refuseTime } from '../time-window.ts';
import { readDetachedJws } from './detached-jws.ts';
import { type JwsTerms, readTerms } from './header-rules.ts';

const MS_PER_SECOND = 1_000;
/** RFC 7518 section 3.1; `none` and shared secrets are not among them. */
const ALGORITHMS: ReadonlyMap<unknown, SignatureAlgorithm> = new Map([
  ['RS256', 'rsa-v1_5-sha256'],
  ['PS256', 'rsa-pss-sha256'],
  ['ES256', 'ecdsa-p256-sha256'],
]);

type Window = Pick<Config['signatures'], 'createdMaxAgeMs' | 'clockSkewMs'>;

export class JwsScheme implements SignatureScheme {
  readonly name = 'jws';
  private readonly window: Window;

  constructor(window: Window) {
    this.window = window;
  }

  recognises({ hasJws }: CarriedFields): boolean {
    return hasJws;
  }

  prepare(
    { arrival, body }: SignedCall,
    keys: CompiledSnapshot['keys'],
    nowMs: number,
    acceptCreatedAfterMs: number,
  ): Candidate | Problem {
    const jws = readDetachedJws(arrival.headers);
    if (isProblem(jws)) return jws;
    const terms = readTerms(jws.header);
    if (isProblem(terms)) return terms;
    const entry = keys.get(terms.keyId);
    if (entry === undefined) return problem('key-unknown', 'No key is registered under this kid.');
    const { issuedAt, expires, isEncoded } = terms;
    const lastMs = lastAcceptedMs(issuedAt, expires, this.window);
    const refusal =
      refuseAlgorithm(terms, entry.key) ??
      refuseKey(entry, nowMs) ??
      refuseTime(issuedAt, lastMs, nowMs, acceptCreatedAfterMs, this.window) ??
      refuseTarget(terms, arrival, body.length > 0);
    if (refusal !== undefined) return refusal;
    const text = {
      base: `${jws.protectedText}.`,
      bodyForm: isEncoded ? 'base64url' : 'raw',
      digests: NO_DIGESTS,
    } as const;
    return new Candidate(entry, text, jws.signature, {
      nonce: nonceOfSignature(jws.signature),
      createdMs: issuedAt * MS_PER_SECOND,
      expiresAtMs: lastMs,
    });
  }
}

function refuseAlgorithm({ algorithm }: JwsTerms, key: KeyRecord): Problem | undefined {
  if (ALGORITHMS.get(algorithm) === key.algorithm) return undefined;
  return problem('signature-algorithm', `The key is registered for ${key.algorithm}.`);
}

/** A body says what is asked; without one nothing does but what the header names. */
function refuseTarget(
  { method, targetUri }: JwsTerms,
  { method: called, scheme, authority, path, query }: SignedCall['arrival'],
  hasBody: boolean,
): Problem | undefined {
  if (method !== undefined && method !== called) {
    return problem('signature-coverage', 'htm is another method than that of the request.');
  }
  const uri = `${scheme}://${normaliseAuthority(authority, scheme)}${path}${query}`;
  if (targetUri !== undefined && targetUri !== uri) {
    return problem('signature-coverage', 'htu is another URI than that of the request.');
  }
  if (hasBody || (method !== undefined && targetUri !== undefined)) return undefined;
  return problem('signature-coverage', 'Without a body the JWS must have htm and htu.');
}
