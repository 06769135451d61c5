/** A detached JWS (RFC 7515 appendix F) in `x-jws-signature`, bound to the call. */
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import { hasBody } from '../signature-base.ts';
import type { PrepareCall } from './scheme.ts';

/** RFC 7518 section 3.1. */
const NAMES: Partial<Record<SignatureAlgorithm, string>> = {
  'rsa-v1_5-sha256': 'RS256',
  'rsa-pss-sha256': 'PS256',
  'ecdsa-p256-sha256': 'ES256',
};
const NOTHING = new Uint8Array();
const ISSUED_AT = 'http://openbanking.org.uk/iat';
const MS_PER_SECOND = 1_000;
/** What a gateway reads of a header; the target, which may be long, is in it. */
const HEADER_MAX_CHARS = 2_048;

export const prepareJws: PrepareCall = (request, context) => {
  const { algorithm, keyId, nowMs } = context;
  const alg = NAMES[algorithm];
  if (alg === undefined) throw new TypeError(`The scheme jws takes no ${algorithm}.`);
  const body = hasBody(request) ? request.body : NOTHING;
  const { contentType } = request;
  const header = {
    // Whoever overlooked htm and htu would take the body for another operation (RFC 7515 4.1.11).
    ...{ alg, kid: keyId, typ: 'JOSE', crit: [ISSUED_AT, 'htm', 'htu'] },
    ...(hasBody(request) && contentType !== undefined && { cty: contentType.trim() }),
    [ISSUED_AT]: request.created ?? Math.floor(nowMs / MS_PER_SECOND),
    jti: request.nonce ?? context.nonce(),
    ...{ htm: request.method, htu: request.targetUri },
  };
  const protectedText = Buffer.from(JSON.stringify(header)).toString('base64url');
  if (protectedText.length > HEADER_MAX_CHARS) {
    throw new TypeError(`The header of the JWS is longer than ${HEADER_MAX_CHARS} characters.`);
  }
  return {
    message: `${protectedText}.${Buffer.from(body).toString('base64url')}`,
    fields: signature => ({
      'x-jws-signature': `${protectedText}..${signature.toString('base64url')}`,
    }),
  };
};
