import type { JsonMembers } from '../../../core/compact-jwt.ts';
import { type Problem, problem } from '../../../core/problems.ts';

/** The claims of an access token that the gateway goes by (RFC 9068 section 2.2). */
export interface AccessClaims {
  /** The app: `client_id`. */
  readonly clientId: string;
  /** `jti`: what it is revoked by. */
  readonly tokenId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
  readonly scopes: ReadonlySet<string>;
  /** `cnf`; undefined for a token of its bearer. */
  readonly binding: TokenBinding | undefined;
}

/** `x5t#S256` of RFC 8705 section 3.1, or `jkt` of RFC 9449 section 6.1; base64url of SHA-256. */
export interface TokenBinding {
  readonly to: 'certificate' | 'key';
  readonly thumbprint: string;
}

export interface ClaimTerms {
  readonly audience: string;
  readonly bearer: boolean;
  readonly lifetimeMaxMs: number;
  readonly clockSkewMs: number;
}

const TEXT_MAX_CHARS = 512;
/** Of all scopes together: a token is remembered with them. */
const SCOPE_MAX_CHARS = 2_048;
const MS_PER_SECOND = 1_000;
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

/** Checks of RFC 9068 section 4 that need no key, in its order. */
export function readAccessClaims(
  claims: JsonMembers,
  terms: ClaimTerms,
  nowMs: number,
): AccessClaims | Problem {
  for (const name of ['sub', 'client_id', 'jti']) {
    if (!isText(claims[name])) return malformed(`The claim ${name} is no text.`);
  }
  if (claims.sub !== claims.client_id) {
    return problem('token-untrusted', 'The claim sub is another than client_id: a user’s token.');
  }
  if (!names(claims.aud, terms.audience)) {
    return problem('token-untrusted', 'The claim aud does not name this gateway.');
  }
  const late = refuseTimes(claims, terms, nowMs);
  if (late !== undefined) return late;
  const { scope = '' } = claims;
  if (typeof scope !== 'string') return malformed('The claim scope is no text.');
  if (scope.length > SCOPE_MAX_CHARS) {
    return malformed(`The claim scope has more than ${SCOPE_MAX_CHARS} characters.`);
  }
  const binding = bindingOf(claims.cnf);
  if (binding === null) {
    return problem('token-binding', 'The claim cnf binds the token in a way that is not known.');
  }
  if (binding === undefined && !terms.bearer) {
    return problem('token-binding', 'The token is bound to no client certificate and no key.');
  }
  return {
    clientId: claims.client_id as string,
    tokenId: claims.jti as string,
    expiresAtMs: (claims.exp as number) * MS_PER_SECOND + terms.clockSkewMs,
    scopes: new Set(scope.split(' ').filter(name => name !== '')),
    binding,
  };
}

/** NumericDate may have a fraction (RFC 7519 section 2). */
function refuseTimes(
  { exp, iat, nbf = 0 }: JsonMembers,
  { lifetimeMaxMs, clockSkewMs }: ClaimTerms,
  nowMs: number,
): Problem | undefined {
  if (!isInstant(exp)) return malformed('The claim exp is no time in seconds.');
  if (!isInstant(iat)) return malformed('The claim iat is no time in seconds.');
  if (!isInstant(nbf)) return malformed('The claim nbf is no time in seconds.');
  if (nowMs > exp * MS_PER_SECOND + clockSkewMs) return expired('The token has expired');
  const beginsMs = Math.max(iat, nbf) * MS_PER_SECOND - clockSkewMs;
  if (nowMs < beginsMs) return expired('The token is not valid yet');
  if ((exp - iat) * MS_PER_SECOND > lifetimeMaxMs) {
    const seconds = Math.floor(lifetimeMaxMs / MS_PER_SECOND);
    return problem('token-untrusted', `A token may live for ${seconds} s from iat to exp.`);
  }
  return undefined;

  function expired(what: string): Problem {
    const seconds = Math.floor(nowMs / MS_PER_SECOND);
    return problem('token-expired', `${what}; the gateway’s clock reads ${seconds}.`);
  }
}

const BOUND_TO: ReadonlyMap<string, TokenBinding['to']> = new Map([
  ['x5t#S256', 'certificate'],
  ['jkt', 'key'],
]);

/** Undefined where nothing binds the token, null where something does that is not known. */
function bindingOf(cnf: unknown): TokenBinding | undefined | null {
  if (cnf === undefined) return undefined;
  // With several the issuer wants more than is looked at here.
  const [member, ...others] = Object.entries(Object(cnf) as JsonMembers);
  if (member === undefined || others.length > 0) return null;
  const [name, thumbprint] = member;
  const to = BOUND_TO.get(name);
  if (to === undefined || typeof thumbprint !== 'string' || !THUMBPRINT.test(thumbprint)) {
    return null;
  }
  return { to, thumbprint };
}

function names(aud: unknown, audience: string): boolean {
  return Array.isArray(aud) ? aud.includes(audience) : aud === audience;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= TEXT_MAX_CHARS;
}

function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER / MS_PER_SECOND;
}

function malformed(detail: string): Problem {
  return problem('token-malformed', detail);
}
