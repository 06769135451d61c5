/** What is wrong with a signature, a key or a token: a part of the table of errors. */
import type { ProblemDefinition } from './problem-definition.ts';

export const CREDENTIAL_PROBLEMS = {
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
} as const satisfies Record<string, ProblemDefinition>;
