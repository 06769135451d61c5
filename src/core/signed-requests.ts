/**
 * Requests to the admin listener that are signed (RFC 9421). The control plane knows whose keys
 * count, the verify room how a signature is checked; the composition root hands one to the other.
 */
import type { Problem } from './problems.ts';
import type { RegisteredAlgorithm } from './snapshot.ts';

/**
 * Those of RFC 9421, whose checks the main thread bears; a shared secret would be one more thing to
 * steal.
 */
export type OperatorKeyAlgorithm = Exclude<RegisteredAlgorithm, 'hmac-sha256'>;

export interface OperatorKey {
  /** The `keyid` of its signatures. */
  readonly id: string;
  readonly operatorId: string;
  readonly algorithm: OperatorKeyAlgorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly material: Uint8Array;
}

/** By key id. Another map where any of them changes: what is made from it is kept with it. */
export type OperatorKeys = ReadonlyMap<string, OperatorKey>;

/** A request before its body is read. */
export interface RequestHead {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** The Host field as sent. */
  readonly authority: string;
  /** Flat name, value pairs; names in lower case. */
  readonly headers: readonly string[];
  readonly hasBody: boolean;
}

/** A head whose signature verifies. */
export interface SignedHead {
  readonly operatorId: string;
  /** Whether a body has every digest that the signature covers. */
  bodyMatches(body: Uint8Array): boolean;
}

export interface SignedRequestCheck {
  /** Whether it carries a signature, good or not. */
  isSigned(head: RequestHead): boolean;
  /** Spends the nonce of a signature that verifies. */
  check(head: RequestHead, keys: OperatorKeys): SignedHead | Problem;
}
