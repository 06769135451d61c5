/** draft-cavage-http-signatures-12 with Digest (RFC 3230), as Berlin Group has it. */
import { createHash, randomUUID } from 'node:crypto';
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import { hasBody, type SignableRequest } from '../signature-base.ts';
import type { PrepareCall, SignedFields } from './scheme.ts';

const NAMES: Partial<Record<SignatureAlgorithm, string>> = {
  'rsa-v1_5-sha256': 'rsa-sha256',
  'hmac-sha256': 'hmac-sha256',
  ed25519: 'hs2019',
};
const MS_PER_SECOND = 1_000;
/** What stands in quotes, and the gateway takes without escapes. */
const KEY_ID = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;
/** A line break would let one header pose as another. */
const VALUE = /^[\t\x20-\x7e]*$/;

/** Covers what `coveredBy` names; the method, the target and the host among it. */
export const prepareCavage: PrepareCall = (request, context) => {
  const name = NAMES[context.algorithm];
  if (name === undefined) throw new TypeError(`The scheme cavage takes no ${context.algorithm}.`);
  if (!KEY_ID.test(context.keyId)) {
    throw new TypeError('keyId must be printable ASCII characters except " and \\.');
  }
  const added = addedFields(request, context.nowMs);
  const covered = coveredBy(request, added);
  const lines = covered.map(([header, value]) => `${header}: ${checked(header, value)}`);
  const headers = covered.map(([header]) => header).join(' ');
  const parameters = `keyId="${context.keyId}",algorithm="${name}",headers="${headers}"`;
  return {
    message: lines.join('\n'),
    fields: signature => ({
      ...added,
      signature: `${parameters},signature="${signature.toString('base64')}"`,
    }),
  };
};

/**
 * The same call twice in a second would have the same signature, and the second one would be taken
 * for the first sent again: so an x-request-id is covered, a fresh one where the request has none.
 */
function addedFields(request: SignableRequest, nowMs: number): SignedFields {
  const dateMs = request.created === undefined ? nowMs : request.created * MS_PER_SECOND;
  return {
    date: new Date(dateMs).toUTCString(),
    'x-request-id': request.requestId ?? request.nonce ?? randomUUID(),
    ...(hasBody(request) && { digest: digestOf(request.body) }),
  };
}

function digestOf(body: Uint8Array): string {
  return `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
}

function coveredBy(request: SignableRequest, added: SignedFields): (readonly [string, string])[] {
  const { method, targetUri, contentType, idempotencyKey } = request;
  const { host, pathname, search } = new URL(targetUri);
  return [
    ['(request-target)', `${method.toLowerCase()} ${pathname}${search}`],
    ['host', host],
    ...Object.entries(added),
    ...(hasBody(request) && contentType !== undefined
      ? [['content-type', contentType] as const]
      : []),
    ...(idempotencyKey === undefined ? [] : [['idempotency-key', idempotencyKey] as const]),
  ];
}

/** As it arrives: without whitespace at its ends. */
function checked(header: string, value: string): string {
  if (!VALUE.test(value)) throw new TypeError(`${header} is not printable ASCII.`);
  return value.trim();
}
