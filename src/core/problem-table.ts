/**
 * The one table of errors that a caller may see, as RFC 9457 problem details.
 * `docs/problems.md` is generated from it, and a test fails when the two disagree.
 */
import { CREDENTIAL_PROBLEMS } from './credential-problems.ts';
import type { ProblemDefinition } from './problem-definition.ts';

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
  'source-blocked': {
    status: 403,
    title: 'Calls from this address are not taken',
    remedy: 'Ask the operator of the gateway, who has blocked the address or its network.',
    retry: false,
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
  ...CREDENTIAL_PROBLEMS,
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
  'payload-invalid': {
    status: 422,
    title: 'The body is not what the operation takes',
    remedy: 'Change what `errors` names: each is a JSON Pointer into the body and what is wrong.',
    retry: false,
  },
  'payload-media-type': {
    status: 415,
    title: 'The body is in a form that the operation does not take',
    remedy: 'Send it in one of the media types and codings that the detail names.',
    retry: false,
  },
  'payload-undecryptable': {
    status: 400,
    title: 'The body, or a field of it, cannot be decrypted',
    remedy: 'Encrypt for a key of the bank that is in use, as docs/data-security.md shows.',
    retry: false,
  },
  'encryption-key-missing': {
    status: 403,
    title: 'There is no key to encrypt the answer for',
    remedy: 'Hand the bank a public key for encryption (docs/data-security.md).',
    retry: false,
  },
  'not-acceptable': {
    status: 406,
    title: 'The answer cannot be had in a form that is accepted',
    remedy: 'Accept one of the media types that the detail names.',
    retry: false,
  },
  'answer-invalid': {
    status: 502,
    title: 'The answer breaks the contract of its own operation',
    remedy:
      'The call may have taken effect: ask for its state before repeating it, and report the ' +
      'requestId to the bank.',
    retry: false,
  },
  'answer-overloaded': {
    status: 502,
    title: 'The answer came when there was no room to finish it',
    remedy:
      'The call may have taken effect: repeat it with growing pauses where that does no harm; ' +
      'ask for its state before repeating any other.',
    retry: true,
    retryAfterSeconds: 1,
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
