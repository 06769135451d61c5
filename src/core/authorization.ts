/** What a front thread asks the authorization server in the main thread, and what it is told. */
import type { ClientCertificate } from './exchange.ts';

/** A request to one of {@link AUTHORIZATION_PATHS}, as far as it matters there. */
export interface AuthorizationRequest {
  readonly method: string;
  readonly path: string;
  /** Flat name, value pairs; of {@link AUTHORIZATION_FIELDS}, in lower case. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly peer: string;
  readonly certificate: ClientCertificate | undefined;
  /** What was issued at or before this (ms) may have been used already, and is refused. */
  readonly acceptIssuedAfterMs: number;
}

export interface AuthorizationAnswer {
  readonly status: number;
  /** Flat name, value pairs in lower case. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** A `jti` that must not have been seen before the answer may leave. */
export interface IdClaim {
  readonly appId: string;
  readonly name: string;
  readonly expiresAtMs: number;
  /** What is answered where it was seen. */
  readonly seen: AuthorizationAnswer;
}

/** A token that counts no more; it is kept until it would have expired. */
export interface RevokedToken {
  readonly tokenId: string;
  /** Milliseconds since the epoch, with the skew of clocks. */
  readonly expiresAtMs: number;
}

/**
 * What is asked a second time, when every `jti` of a request was claimed: whoever captured an
 * assertion and sends it again has nothing done by it.
 */
export interface ClaimedRevocation {
  readonly revoke: RevokedToken;
}

export type AuthorizationAsk = AuthorizationRequest | ClaimedRevocation;

interface Claiming {
  readonly claims: readonly IdClaim[];
}

/** The answer, or what to ask behind the claims to get it. */
export type AuthorizationReply = Claiming &
  ({ readonly answer: AuthorizationAnswer } | ClaimedRevocation);

export const METADATA_PATH = '/.well-known/oauth-authorization-server';
export const JWKS_PATH = '/oauth2/jwks';
export const TOKEN_PATH = '/oauth2/token';
export const REVOKE_PATH = '/oauth2/revoke';
export const INTROSPECT_PATH = '/oauth2/introspect';

export const AUTHORIZATION_PATHS: ReadonlySet<string> = new Set([
  METADATA_PATH,
  JWKS_PATH,
  TOKEN_PATH,
  REVOKE_PATH,
  INTROSPECT_PATH,
]);

export const AUTHORIZATION_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'content-encoding',
  'content-type',
  'dpop',
  'if-none-match',
]);

/** An assertion and the parameters beside it; RSA keys of 8,192 bits sign in 1,366 characters. */
export const AUTHORIZATION_BODY_MAX_BYTES = 16_384;
