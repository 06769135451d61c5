/** What every signature scheme in this room has in common. */
import type { BodyDigest, BodyForm } from '../../core/check.ts';
import type { Arrival } from '../../core/exchange.ts';
import type { Problem } from '../../core/problems.ts';
import type { CompiledSnapshot, KeyEntry, SignatureSchemeName } from '../../core/snapshot.ts';
import type { CarriedFields } from './carried-fields.ts';

/** What a signature is over. */
export interface SignedText {
  /** The whole of it, or what stands before the body; ASCII only. */
  readonly base: string;
  readonly bodyForm: BodyForm;
  /** Digests that the body must have; empty where none is covered. */
  readonly digests: readonly BodyDigest[];
}

/** How long a signature may be used, and what tells it from others. */
export interface Freshness {
  readonly nonce: string;
  /** Milliseconds since the epoch at which the signer says that it was made. */
  readonly createdMs: number;
  /** Milliseconds since the epoch until which, inclusive, this signature would be accepted. */
  readonly expiresAtMs: number;
}

export const NO_DIGESTS: readonly BodyDigest[] = [];

/**
 * A signature whose every cheap rule holds: what is left is the cryptography, the digest of the
 * body and the nonce.
 */
export class Candidate {
  readonly entry: KeyEntry;
  readonly text: SignedText;
  readonly signature: Uint8Array;
  readonly freshness: Freshness;
  /** Among several signatures of the request: RFC 9421 section 4.2. */
  readonly label: string | undefined;

  constructor(
    entry: KeyEntry,
    text: SignedText,
    signature: Uint8Array,
    freshness: Freshness,
    label?: string,
  ) {
    this.entry = entry;
    this.text = text;
    this.signature = signature;
    this.freshness = freshness;
    this.label = label;
  }
}

/** Tells a refusal from what a reader of this room returns in its place. */
export function isProblem(value: object): value is Problem {
  return 'detail' in value;
}

/** What a scheme reads of a request: an exchange has it, and the admin listener's have it too. */
export interface SignedCall {
  readonly arrival: Pick<Arrival, 'method' | 'scheme' | 'authority' | 'path' | 'query' | 'headers'>;
  readonly body: Pick<Uint8Array, 'length'>;
}

/** One way to sign a request. A sibling folder implements it; `index.ts` lists the siblings. */
export interface SignatureScheme {
  /** What `Identity.scheme` says of a request that this scheme let in. */
  readonly name: SignatureSchemeName;
  /** Whether the request carries this scheme's fields, well formed or not. Cheap. */
  recognises(carried: CarriedFields): boolean;
  /**
   * Everything but the cryptography, cheapest first. Reads the call and changes nothing.
   * `keys` are those of now, which may be fewer than when the request arrived;
   * `acceptCreatedAfterMs` is `NonceStore.acceptCreatedAfterMs`.
   */
  prepare(
    call: SignedCall,
    keys: CompiledSnapshot['keys'],
    nowMs: number,
    acceptCreatedAfterMs: number,
  ): Candidate | Problem;
}
