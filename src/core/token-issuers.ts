/** Who issues access tokens that the gateway accepts, as the control plane tells the fronts. */
import type { SignatureAlgorithm } from './snapshot.ts';

/** One key of an issuer's JWK Set (RFC 7517 section 5). */
export interface IssuerKey {
  readonly kid: string;
  readonly algorithm: SignatureAlgorithm;
  /** SubjectPublicKeyInfo, DER. */
  readonly material: Uint8Array;
}

export interface TokenIssuer {
  /** The `iss` of its tokens, character for character. */
  readonly issuer: string;
  /** What their `aud` must name. */
  readonly audience: string;
  /** Apps that its tokens may speak for; every one where undefined. */
  readonly apps: readonly string[] | undefined;
  /** Whether tokens count that are bound to nothing. */
  readonly bearer: boolean;
  /** No two of one `kid` and algorithm. Undefined while its JWK Set could not be had. */
  readonly keys: readonly IssuerKey[] | undefined;
}
