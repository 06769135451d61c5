/**
 * The one table of errors that a caller may see, as RFC 9457 problem details.
 * `docs/problems.md` is generated from it, and a test fails when the two disagree.
 */
export interface ProblemDefinition {
  readonly status: number;
  readonly title: string;
  /** What the caller changes; the page shows it. */
  readonly remedy: string;
  /** Whether the same call may succeed later without a change: a client may repeat it. */
  readonly retry: boolean;
  /** Seconds for `Retry-After` where the table knows them. */
  readonly retryAfterSeconds?: number;
}

export const PROBLEM_TABLE = {
  'malformed-request': {
    status: 400,
    title: 'The request is malformed or ambiguous',
    remedy: 'Send the request in its canonical form; the detail names the part that is not.',
    retry: false,
  },
  'body-too-large': {
    status: 413,
    title: 'The request body is too large',
    remedy: 'Send a body of at most the size that the detail names.',
    retry: false,
  },
  'request-timeout': {
    status: 408,
    title: 'The request body did not arrive in time',
    remedy: 'Send the whole body without pauses; check the network for loss.',
    retry: true,
  },
  overloaded: {
    status: 503,
    title: 'The gateway is shedding load',
    remedy: 'Wait for Retry-After, then repeat with growing pauses.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'too-many-connections': {
    status: 503,
    title: 'Too many connections from this source or app',
    remedy: 'Keep connections alive and share them; close those that are idle.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'upgrade-required': {
    status: 426,
    title: 'This path speaks WebSocket only',
    remedy: 'Send the opening handshake of RFC 6455 section 4.1, version 13.',
    retry: false,
  },
  'subprotocol-unsupported': {
    status: 400,
    title: 'No subprotocol in common',
    remedy: 'Offer xingyun.v1+json or xingyun.v1+msgpack in Sec-WebSocket-Protocol.',
    retry: false,
  },
  'rate-limited': {
    status: 429,
    title: 'More calls than the agreed rate',
    remedy:
      'Wait for Retry-After (retryAfterSeconds in a message), and spread the calls; ' +
      'the detail names the limit.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'quota-exceeded': {
    status: 429,
    title: 'The quota of the day or month is used up',
    remedy: 'Wait for Retry-After, or agree on a larger plan with the bank.',
    retry: true,
  },
  'too-many-in-flight': {
    status: 429,
    title: 'Too many calls are in flight',
    remedy: 'Wait for answers before sending more; the detail names the limit.',
    retry: true,
  },
  'too-many-subscriptions': {
    status: 429,
    title: 'The session has too many subscriptions',
    remedy: 'Unsubscribe from what is not needed; the detail names the limit.',
    retry: false,
  },
  'call-cancelled': {
    status: 499,
    title: 'The caller gave the call up',
    remedy: 'Nothing; a call that is not safe may have taken effect.',
    retry: false,
  },
  'deadline-exceeded': {
    status: 504,
    title: 'No answer within the deadline of the call',
    remedy: 'The call may have taken effect: ask for its state before repeating it.',
    retry: false,
  },
  'answer-too-large': {
    status: 502,
    title: 'The answer is too large for a message',
    remedy: 'Make this call over HTTP, or ask for a smaller page.',
    retry: false,
  },
  'cursor-expired': {
    status: 410,
    title: 'The journal no longer reaches back to the cursor',
    remedy: 'Read the current state over the API, then subscribe without a cursor.',
    retry: false,
  },
  'slow-consumer': {
    status: 503,
    title: 'The session reads too slowly',
    remedy: 'Read without pauses; connect again and resume by cursor.',
    retry: true,
  },
  'signature-missing': {
    status: 401,
    title: 'The request is not signed',
    remedy: 'Sign the call as docs/signing.md shows, or as docs/schemes.md lists.',
    retry: false,
  },
  'signature-malformed': {
    status: 400,
    title: 'The signature fields cannot be parsed',
    remedy:
      'Check Signature-Input and Signature against RFC 9421 section 4 and RFC 9651, or the field ' +
      'of another scheme against docs/schemes.md; the detail names the part.',
    retry: false,
  },
  'signature-coverage': {
    status: 401,
    title: 'The signature does not cover what it must',
    remedy:
      'Cover @method, @target-uri (or @authority, @path and @query) and content-digest, or what ' +
      'docs/schemes.md asks of another scheme; the detail names what is missing.',
    retry: false,
  },
  'signature-expired': {
    status: 401,
    title: 'The signature is outside its time window',
    remedy: 'Sign each call anew and keep the clock synchronised.',
    retry: true,
  },
  'signature-replayed': {
    status: 401,
    title: 'The nonce was used before',
    remedy: 'Use a fresh random nonce for every call.',
    retry: true,
  },
  'signature-algorithm': {
    status: 401,
    title: 'The algorithm does not agree with the key',
    remedy: 'Leave out "alg" or send the one under which the key is registered.',
    retry: false,
  },
  'signature-scheme': {
    status: 401,
    title: 'The key may not sign in this way',
    remedy: 'Sign with a scheme that the key is registered for (docs/schemes.md).',
    retry: false,
  },
  'signature-invalid': {
    status: 401,
    title: 'The signature does not verify',
    remedy:
      'Compare what you sign with docs/signing.md, or docs/schemes.md; ' +
      'check the key, and that no proxy rewrites the request.',
    retry: false,
  },
  'digest-mismatch': {
    status: 400,
    title: 'The digest does not match the body',
    remedy: 'Compute Content-Digest or Digest (sha-256 or sha-512) over the exact bytes sent.',
    retry: false,
  },
  'key-unknown': {
    status: 401,
    title: 'No such key',
    remedy: 'Use the key id under which the public key is registered.',
    retry: false,
  },
  'key-inactive': {
    status: 401,
    title: 'The key is not valid now',
    remedy: 'Sign with a key that is within its validity and not revoked.',
    retry: false,
  },
  'app-inactive': {
    status: 403,
    title: 'The app or its partner is not active',
    remedy: 'Ask the bank to activate the app.',
    retry: false,
  },
  'signature-failures': {
    status: 429,
    title: 'Too many signatures of this source did not verify',
    remedy: 'Wait for Retry-After; mend the signatures before sending more.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'token-malformed': {
    status: 401,
    title: 'The access token cannot be read',
    remedy: 'Send one token in Authorization, a JWT by RFC 9068; docs/tokens.md lists its claims.',
    retry: false,
  },
  'token-untrusted': {
    status: 401,
    title: 'The access token is none for this gateway',
    remedy: 'Get the token from an issuer that the bank has named, for this audience.',
    retry: false,
  },
  'token-invalid': {
    status: 401,
    title: 'The signature of the access token does not verify',
    remedy: 'Send the token as the issuer gave it.',
    retry: false,
  },
  'token-expired': {
    status: 401,
    title: 'The access token is outside its time',
    remedy: 'Get a new token; keep the clock synchronised.',
    retry: false,
  },
  'token-binding': {
    status: 401,
    title: 'The access token is bound to another client, or to none',
    remedy: 'Call with the client certificate (RFC 8705) or the key (RFC 9449) of the token.',
    retry: false,
  },
  'dpop-proof-invalid': {
    status: 401,
    title: 'The DPoP proof does not fit the call',
    remedy: 'Send one fresh proof of the token’s key for this call (RFC 9449 section 4.2).',
    retry: false,
  },
  'dpop-proof-replayed': {
    status: 401,
    title: 'The DPoP proof was used before',
    remedy: 'Make a fresh proof for every call.',
    retry: true,
  },
  'dpop-nonce-required': {
    status: 401,
    title: 'The DPoP proof needs the gateway’s nonce',
    remedy: 'Repeat with a proof that has the nonce of the field DPoP-Nonce.',
    retry: true,
  },
  'token-keys-unavailable': {
    status: 503,
    title: 'The keys of the token’s issuer cannot be had',
    remedy: 'Wait for Retry-After, then repeat.',
    retry: true,
    retryAfterSeconds: 5,
  },
  'client-certificate-required': {
    status: 401,
    title: 'A client certificate is required',
    remedy: 'Present a client certificate that the listener trusts.',
    retry: false,
  },
  'verify-saturated': {
    status: 503,
    title: 'Signature checks are saturated',
    remedy: 'Wait for Retry-After, then repeat with growing pauses.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'nonce-store-full': {
    status: 503,
    title: 'The replay protection has no room',
    remedy: 'Wait for Retry-After; the operator raises noncesMax.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'nonce-store-unavailable': {
    status: 503,
    title: 'The replay protection cannot be asked',
    remedy: 'Wait for Retry-After, then sign the call anew and repeat it.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'not-found': {
    status: 404,
    title: 'No operation at this path',
    remedy: 'Check the path against the API document.',
    retry: false,
  },
  'method-not-allowed': {
    status: 405,
    title: 'The path does not support this method',
    remedy: 'Use one of the methods in the Allow header.',
    retry: false,
  },
  'not-subscribed': {
    status: 403,
    title: 'The app has no subscription to this API',
    remedy: 'Subscribe the app to a product that contains the API.',
    retry: false,
  },
  'scope-insufficient': {
    status: 403,
    title: 'The subscription lacks a scope',
    remedy: 'Ask for the scope that the detail names.',
    retry: false,
  },
  'idempotency-key-invalid': {
    status: 400,
    title: 'The Idempotency-Key is missing or malformed',
    remedy: 'Send one Idempotency-Key, a fresh random text for each new call; the detail says how.',
    retry: false,
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key belongs to another call',
    remedy: 'Use a new key for a new call; repeat a call with the same method, path and body.',
    retry: false,
  },
  'idempotency-in-flight': {
    status: 409,
    title: 'The first call with this Idempotency-Key is still under way',
    remedy: 'Wait for Retry-After, then repeat with the same key.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'idempotency-outcome-unknown': {
    status: 409,
    title: 'What became of the first call with this Idempotency-Key is not known',
    remedy: 'It may have taken effect: ask for its state before making a new call with a new key.',
    retry: false,
  },
  'idempotency-answer-not-kept': {
    status: 409,
    title: 'The answer of the first call with this Idempotency-Key was not kept',
    remedy: 'It was answered, as the detail says: ask for what it brought about.',
    retry: false,
  },
  'idempotency-unavailable': {
    status: 503,
    title: 'Idempotency keys cannot be kept at the moment',
    remedy: 'Wait for Retry-After, then repeat with the same key; the call was not sent on.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'circuit-open': {
    status: 503,
    title: 'The upstream fails and is given a rest',
    remedy: 'Wait for Retry-After, then repeat with growing pauses; the call was not sent on.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'upstream-unreachable': {
    status: 502,
    title: 'The upstream cannot be reached',
    remedy: 'Repeat a safe call later; the call did not reach the upstream.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'upstream-timeout': {
    status: 504,
    title: 'The upstream did not answer in time',
    remedy: 'The call may have taken effect: ask for its state before repeating it.',
    retry: false,
  },
  'upstream-protocol': {
    status: 502,
    title: 'The upstream answered outside HTTP/1.1',
    remedy: 'The call may have taken effect: ask for its state before repeating it.',
    retry: false,
  },
  'upstream-saturated': {
    status: 503,
    title: 'The upstream has no free connection',
    remedy: 'Wait for Retry-After, then repeat with growing pauses.',
    retry: true,
    retryAfterSeconds: 1,
  },
  'internal-error': {
    status: 500,
    title: 'The gateway failed',
    remedy: 'Report the requestId to the bank.',
    retry: false,
  },
} as const satisfies Record<string, ProblemDefinition>;
