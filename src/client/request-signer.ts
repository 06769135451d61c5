/** Request signatures (RFC 9421) with Content-Digest (RFC 9530), from the partner's side. */
import { createHash, randomFillSync } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import type { PrivateKeyInput } from '../core/signing-key.ts';
import type { SignatureAlgorithm } from '../core/snapshot.ts';
import { MessageKey } from './message-key.ts';
import {
  composeBase,
  hasBody,
  keyParameters,
  type MessageSigner,
  NONCE_BYTES,
  type SignableRequest,
  type SignatureHeaders,
  signatureHeaders,
  signatureParameters,
} from './signature-base.ts';

export interface SigningIdentity {
  /** Under which the bank has registered the key. */
  readonly keyId: string;
  readonly privateKey: PrivateKeyInput;
  readonly algorithm: SignatureAlgorithm;
}

/** One refill serves 256 nonces, so that a nonce does not cost a call into the generator. */
const NONCE_POOL_BYTES = 256 * NONCE_BYTES;

/** Fresh nonces: 16 random bytes in base64url. */
export class NonceSource {
  private readonly pool = Buffer.allocUnsafe(NONCE_POOL_BYTES);
  private offset = NONCE_POOL_BYTES;

  readonly next = (): string => {
    if (this.offset === NONCE_POOL_BYTES) {
      randomFillSync(this.pool);
      this.offset = 0;
    }
    const start = this.offset;
    this.offset = start + NONCE_BYTES;
    return this.pool.toString('base64url', start, this.offset);
  };
}

/** `Content-Digest` with SHA-256 (RFC 9530 section 2). */
export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

/**
 * Holds a key ready to sign. What does not change between requests is computed once, so that a
 * load generator may sign every request that it sends.
 */
export class RequestSigner implements MessageSigner {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  private readonly key: MessageKey;
  private readonly clock: Clock;
  private readonly nonces = new NonceSource();
  private readonly ofKey: string;

  /** @throws TypeError where the key does not fit the algorithm or the key id cannot be sent */
  constructor(identity: SigningIdentity, clock: Clock = systemClock) {
    this.keyId = identity.keyId;
    this.algorithm = identity.algorithm;
    this.key = new MessageKey(identity.algorithm, identity.privateKey);
    this.clock = clock;
    this.ofKey = keyParameters(identity.keyId, identity.algorithm);
  }

  /** Covers what {@link composeBase} names, with `created`, `nonce`, `keyid` and `alg`. */
  sign(request: SignableRequest): SignatureHeaders {
    const digest = hasBody(request) ? contentDigest(request.body) : undefined;
    const parameters = signatureParameters(
      request,
      this.clock.wallMs(),
      this.nonces.next,
      this.ofKey,
    );
    const { base, input } = composeBase(request, digest, parameters);
    return signatureHeaders(input, this.key.sign(base).toString('base64'), digest);
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
