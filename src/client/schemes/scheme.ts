/** Ways to sign a call, each a sibling in this folder (docs/schemes.md). */
import type { SignatureAlgorithm } from '../../core/snapshot.ts';
import type { SignableRequest } from '../signature-base.ts';

/** Fields to add to a request. */
export type SignedFields = Readonly<Record<string, string>>;

export interface SchemeContext {
  readonly keyId: string;
  readonly algorithm: SignatureAlgorithm;
  /** Under which the bank has registered the app; undefined where the caller named none. */
  readonly appId: string | undefined;
  readonly nowMs: number;
  /** A fresh one. */
  readonly nonce: () => string;
}

/** What is left is the signature. */
export interface PreparedCall {
  readonly message: string | Uint8Array;
  readonly fields: (signature: Buffer) => SignedFields;
}

/** @throws TypeError where the scheme cannot carry the request or the algorithm */
export type PrepareCall = (request: SignableRequest, context: SchemeContext) => PreparedCall;
