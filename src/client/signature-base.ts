/** What is signed (RFC 9421 section 2.5) and the fields that carry it, on every platform. */
import type { SignatureAlgorithm } from '../core/snapshot.ts';

export interface SignableRequest {
  /** As it goes over the wire: upper case for the standard methods. */
  readonly method: string;
  /** The absolute URI exactly as it is sent, without a fragment. */
  readonly targetUri: string;
  readonly body?: Uint8Array | undefined;
  /** Covered together with the body. */
  readonly contentType?: string | undefined;
  /** As it stands in its field; covered where there is one. */
  readonly idempotencyKey?: string | undefined;
  /** The `x-request-id` of the request, where it has one; the scheme `cavage` covers it. */
  readonly requestId?: string | undefined;
  /** Seconds since the epoch; now where absent. */
  readonly created?: number;
  /** 16 fresh random bytes where absent. */
  readonly nonce?: string;
}

/** The headers to add to the request. */
export type SignatureHeaders = {
  'signature-input': string;
  signature: string;
  'content-digest'?: string;
};

/** Signs a request: in this process, or by asking whoever holds the key. */
export interface MessageSigner {
  sign(request: SignableRequest): SignatureHeaders | Promise<SignatureHeaders>;
}

export interface SignatureBase {
  /** What the key signs. */
  readonly base: string;
  /** The value of the label in `signature-input`. */
  readonly input: string;
}

export const NONCE_BYTES = 16;
const LABEL = 'sig';

/** An sf-string (RFC 9651 section 3.3.3): printable ASCII with two characters escaped. */
function quoteString(name: string, value: string): string {
  if (!/^[\x20-\x7e]+$/.test(value)) {
    throw new TypeError(`${name} must be one or more printable ASCII characters.`);
  }
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** A line break in a component would let one component pose as another. */
function rejectLineBreaks(name: string, value: string): void {
  if (/[\r\n]/.test(value)) throw new TypeError(`${name} contains a line break.`);
}

/** The parameters that all signatures of a key share; throws where its id cannot be sent. */
export function keyParameters(keyId: string, algorithm: SignatureAlgorithm): string {
  return `;keyid=${quoteString('keyId', keyId)};alg="${algorithm}"`;
}

/**
 * The parameters of one signature (RFC 9421 section 2.3).
 * @param nonce asked for only where the request brings none; base64url
 * @param ofKey from {@link keyParameters}
 */
export function signatureParameters(
  request: SignableRequest,
  nowMs: number,
  nonce: () => string,
  ofKey: string,
): string {
  const created = request.created ?? Math.floor(nowMs / 1_000);
  const quoted = request.nonce === undefined ? `"${nonce()}"` : quoteString('nonce', request.nonce);
  return `;created=${created};nonce=${quoted}${ofKey}`;
}

/** Whether a body goes with the request, so that its digest is covered. */
export function hasBody(
  request: SignableRequest,
): request is SignableRequest & { readonly body: Uint8Array } {
  return request.body !== undefined && request.body.byteLength > 0;
}

/**
 * Covers `@method` and `@target-uri`, with a body `content-digest` and `content-type`, and an
 * `idempotency-key` where there is one.
 * @param digest value of `content-digest`, where there is a body
 * @throws TypeError where a component holds a line break
 */
export function composeBase(
  request: SignableRequest,
  digest: string | undefined,
  parameters: string,
): SignatureBase {
  const { targetUri, contentType, idempotencyKey } = request;
  rejectLineBreaks('targetUri', targetUri);
  let base = `"@method": ${request.method}\n"@target-uri": ${targetUri}\n`;
  let components = '("@method" "@target-uri"';
  if (digest !== undefined) {
    base += `"content-digest": ${digest}\n`;
    components += ' "content-digest"';
    if (contentType !== undefined) {
      rejectLineBreaks('contentType', contentType);
      base += `"content-type": ${contentType}\n`;
      components += ' "content-type"';
    }
  }
  if (idempotencyKey !== undefined) {
    rejectLineBreaks('idempotencyKey', idempotencyKey);
    base += `"idempotency-key": ${idempotencyKey.trim()}\n`;
    components += ' "idempotency-key"';
  }
  const input = `${components})${parameters}`;
  return { base: `${base}"@signature-params": ${input}`, input };
}

/** @param signature in base64 */
export function signatureHeaders(
  input: string,
  signature: string,
  digest: string | undefined,
): SignatureHeaders {
  const headers: SignatureHeaders = {
    'signature-input': `${LABEL}=${input}`,
    signature: `${LABEL}=:${signature}:`,
  };
  if (digest !== undefined) headers['content-digest'] = digest;
  return headers;
}
