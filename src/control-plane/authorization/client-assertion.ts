/** An assertion by which a client proves who it is (RFC 7523 sections 2.2 and 3). */
import { type CompactJwt, readCompactJwt } from '../../core/compact-jwt.ts';
import { refuseKey } from '../../core/key-status.ts';
import type { KeyRecord, SignatureAlgorithm } from '../../core/snapshot.ts';
import type { ClientEntry } from '../registry/index.ts';
import { OAuthError } from './answers.ts';
import { FAPI_ALGORITHMS } from './jwt.ts';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface ReadAssertion {
  readonly jwt: CompactJwt;
  readonly algorithm: SignatureAlgorithm;
  readonly kid: string;
  readonly clientId: string;
  readonly jti: string;
  /** The last millisecond at which it counts. */
  readonly lastMs: number;
}

export interface TimeTerms {
  readonly nowMs: number;
  /** How old it may be. */
  readonly maxAgeMs: number;
  readonly skewMs: number;
  /** What was issued at or before this may have been used. */
  readonly acceptIssuedAfterMs: number;
}

const TEXT_MAX_CHARS = 256;
const TYPES: ReadonlySet<unknown> = new Set([undefined, 'JWT', 'client-authentication+jwt']);

/** Everything that needs neither a key nor the registry. */
export function readAssertion(
  text: string,
  issuer: string,
  terms: TimeTerms,
): ReadAssertion | OAuthError {
  const jwt = readCompactJwt(text);
  if (jwt === undefined) return refused('The assertion is no JWT in its compact form.');
  const { typ, alg, kid, crit } = jwt.header;
  if (!TYPES.has(typ)) return refused('typ of the assertion is of another kind of JWT.');
  if (crit !== undefined) return refused('The assertion names members that must be understood.');
  const algorithm = FAPI_ALGORITHMS.get(alg);
  if (algorithm === undefined) {
    return refused('alg of the assertion is none of PS256, ES256 and EdDSA.');
  }
  if (!isText(kid)) return refused('The assertion lacks kid.');
  const { iss, sub, aud, jti } = jwt.claims;
  if (!isText(sub) || iss !== sub) return refused('iss and sub of the assertion are the client.');
  // FAPI 2.0 Security Profile section 5.3.2.1: as a string, and no endpoint in its place.
  if (aud !== issuer) return refused('aud of the assertion is the issuer, as a string.');
  if (!isText(jti)) return refused('The assertion lacks jti.');
  const lastMs = readTimes(jwt, terms);
  if (lastMs instanceof OAuthError) return lastMs;
  return { jwt, algorithm, kid, clientId: sub, jti, lastMs };
}

/** The key of the client that the assertion names, where it may sign now. */
export function assertionKey(
  { kid, algorithm }: ReadAssertion,
  client: ClientEntry,
  nowMs: number,
): KeyRecord | OAuthError {
  const key = client.keys.find(({ id }) => id === kid);
  if (key === undefined) return refused('The client has no key of this kid.');
  if (key.algorithm !== algorithm) return refused('The key is one for another algorithm.');
  if (refuseKey({ ...client, key, serial: 0 }, nowMs) !== undefined) {
    return refused('The client or its key is not active.');
  }
  return key;
}

function readTimes({ claims }: CompactJwt, terms: TimeTerms): number | OAuthError {
  const { exp, iat, nbf = 0 } = claims;
  const { nowMs, maxAgeMs, skewMs, acceptIssuedAfterMs } = terms;
  if (!isInstant(exp)) return refused('exp of the assertion is no time in seconds.');
  if (!isInstant(iat)) return refused('iat of the assertion is no time in seconds.');
  if (!isInstant(nbf)) return refused('nbf of the assertion is no time in seconds.');
  const reading = `the clock here reads ${Math.floor(nowMs / 1_000)}.`;
  if (Math.max(iat, nbf) * 1_000 - nowMs > skewMs) {
    return refused(`The assertion is not valid yet; ${reading}`);
  }
  const lastMs = Math.min(iat * 1_000 + maxAgeMs, exp * 1_000 + skewMs);
  if (nowMs > lastMs) return refused(`The assertion has expired or is too old; ${reading}`);
  if (iat * 1_000 <= acceptIssuedAfterMs) {
    return refused('The assertion is from before all that were used are known: make another.');
  }
  return lastMs;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_MAX_CHARS;
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER / 1_000;
}

function refused(description: string): OAuthError {
  return new OAuthError('invalid_client', description);
}
