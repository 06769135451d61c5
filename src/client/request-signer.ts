/** Request signatures (RFC 9421) with Content-Digest (RFC 9530), from the partner's side. */
import { createHash, createHmac, type KeyObject, randomFillSync, sign } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import type { SignatureAlgorithm } from '../core/snapshot.ts';
import {
  loadSigningKey,
  type PrivateKeyInput,
  SIGNING_METHODS,
  type SigningMethod,
} from './signing-key.ts';

export interface SigningIdentity {
  /** Under which the bank has registered the key. */
  readonly keyId: string;
  readonly privateKey: PrivateKeyInput;
  readonly algorithm: SignatureAlgorithm;
}

export interface SignableRequest {
  /** As it goes over the wire: upper case for the standard methods. */
  readonly method: string;
  /** The absolute URI exactly as it is sent, without a fragment. */
  readonly targetUri: string;
  readonly body?: Uint8Array | undefined;
  /** Covered together with the body. */
  readonly contentType?: string | undefined;
  /** Seconds since the epoch; now where absent. */
  readonly created?: number;
  /** 16 fresh random bytes where absent. */
  readonly nonce?: string;
}

/** The headers to add to the request. */
export interface SignatureHeaders {
  'signature-input': string;
  signature: string;
  'content-digest'?: string;
}

const NONCE_BYTES = 16;
/** One refill serves 256 nonces, so that a nonce does not cost a call into the generator. */
const NONCE_POOL_BYTES = 256 * NONCE_BYTES;
const LABEL = 'sig';

class NonceSource {
  private readonly pool = Buffer.allocUnsafe(NONCE_POOL_BYTES);
  private offset = NONCE_POOL_BYTES;

  next(): string {
    if (this.offset === NONCE_POOL_BYTES) {
      randomFillSync(this.pool);
      this.offset = 0;
    }
    const start = this.offset;
    this.offset = start + NONCE_BYTES;
    return this.pool.toString('base64url', start, this.offset);
  }
}

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

/** `Content-Digest` with SHA-256 (RFC 9530 section 2). */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

/**
 * Holds a key ready to sign. What does not change between requests is computed once, so that a
 * load generator may sign every request that it sends.
 */
export class RequestSigner {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  private readonly key: KeyObject;
  private readonly method: SigningMethod;
  private readonly clock: Clock;
  private readonly nonces = new NonceSource();
  private readonly trailer: string;
  private readonly keyInput: SigningMethod['options'] & { key: KeyObject };

  /** @throws TypeError where the key does not fit the algorithm or the key id cannot be sent */
  constructor(identity: SigningIdentity, clock: Clock = systemClock) {
    this.keyId = identity.keyId;
    this.algorithm = identity.algorithm;
    this.key = loadSigningKey(identity.algorithm, identity.privateKey);
    this.method = SIGNING_METHODS[identity.algorithm];
    this.clock = clock;
    this.keyInput = { ...this.method.options, key: this.key };
    this.trailer = `;keyid=${quoteString('keyId', identity.keyId)};alg="${identity.algorithm}"`;
  }

  /**
   * Covers `@method` and `@target-uri`, and with a body `content-digest` and `content-type`;
   * parameters `created`, `nonce`, `keyid`, `alg` (RFC 9421 section 2.3).
   */
  sign(request: SignableRequest): SignatureHeaders {
    const { targetUri, body, contentType } = request;
    rejectLineBreaks('targetUri', targetUri);
    let base = `"@method": ${request.method}\n"@target-uri": ${targetUri}\n`;
    let components = '("@method" "@target-uri"';
    let digest: string | undefined;
    if (body !== undefined && body.byteLength > 0) {
      digest = contentDigest(body);
      base += `"content-digest": ${digest}\n`;
      components += ' "content-digest"';
      if (contentType !== undefined) {
        rejectLineBreaks('contentType', contentType);
        base += `"content-type": ${contentType}\n`;
        components += ' "content-type"';
      }
    }
    const input = `${components})${this.parameters(request)}`;
    const signature = this.signBase(`${base}"@signature-params": ${input}`);
    const headers: SignatureHeaders = {
      'signature-input': `${LABEL}=${input}`,
      signature: `${LABEL}=:${signature}:`,
    };
    if (digest !== undefined) headers['content-digest'] = digest;
    return headers;
  }

  private parameters(request: SignableRequest): string {
    const created = request.created ?? Math.floor(this.clock.wallMs() / 1_000);
    const nonce =
      request.nonce === undefined ? `"${this.nonces.next()}"` : quoteString('nonce', request.nonce);
    return `;created=${created};nonce=${nonce}${this.trailer}`;
  }

  private signBase(base: string): string {
    if (this.method.keyType === 'secret') {
      return createHmac('sha256', this.key).update(base).digest('base64');
    }
    return sign(this.method.hash, Buffer.from(base), this.keyInput).toString('base64');
  }
}

/** A signer's headers for one request; see {@link RequestSigner.sign}. */
export function signRequest(signer: RequestSigner, request: SignableRequest): SignatureHeaders {
  return signer.sign(request);
}

/** @throws TypeError where the key does not fit the algorithm or the key id cannot be sent */
export function createRequestSigner(
  identity: SigningIdentity,
  clock: Clock = systemClock,
): RequestSigner {
  return new RequestSigner(identity, clock);
}
