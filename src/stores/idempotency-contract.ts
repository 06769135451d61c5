/**
 * What is kept of calls that carry an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header):
 * what the idempotency room asks of the store, and what the store asks of its drivers. Drivers are
 * held to it by one suite.
 */

/** Bytes of `key` and of `call`: SHA-256. */
export const DIGEST_BYTES = 32;

export interface KeptAnswer {
  readonly status: number;
  /** Flat name, value pairs in lower case, without framing fields. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

/** What is known of a key. */
export type ClaimOutcome =
  /** Nothing until now: the call is the first one, and `claim` names it from here on. */
  | { readonly kind: 'granted'; readonly claim: number }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  /** It was answered, and its body was larger than what is kept. */
  | { readonly kind: 'not-kept'; readonly status: number }
  | { readonly kind: 'in-flight' }
  /** The key came with another call before. */
  | { readonly kind: 'other-call' }
  /** Its process or thread ended, or its upstream broke off, while it was in flight. */
  | { readonly kind: 'unknown' }
  /** Nothing was claimed. */
  | { readonly kind: 'unavailable'; readonly isFull: boolean };

export interface ClaimRequest {
  /** Digest of whose key it is and of the key. */
  readonly key: Uint8Array;
  /** Digest of what makes it the same call. */
  readonly call: Uint8Array;
  /** Called once, at the latest after the store's time limit. Must not throw. */
  settle(outcome: ClaimOutcome): void;
}

export interface KeepRequest {
  readonly claim: number;
  readonly status: number;
  readonly headers: readonly string[];
  /** Undefined where it is too large to be kept. */
  readonly body: Uint8Array | undefined;
  /** Called once, as above: whether the answer is on the disk. */
  settle(isKept: boolean): void;
}

/** What a front has of it. A granted claim ends with one of `keep`, `release` and `lose`. */
export interface IdempotencyStore {
  /** A granted claim is durable. */
  claim(request: ClaimRequest): void;
  keep(request: KeepRequest): void;
  /** The call was not sent on: its key is free again. */
  release(claim: number): void;
  /** Nobody will know what became of the call. */
  lose(claim: number): void;
}

/** How a key stands in the database. */
export type FoundClaim =
  | Extract<ClaimOutcome, { kind: 'granted' | 'answered' | 'not-kept' | 'other-call' }>
  /** Claimed without an answer, by this process, by another that runs, or by one that has ended. */
  | { readonly kind: 'unanswered'; readonly claim: number; readonly by: 'self' | 'other' | 'gone' }
  | { readonly kind: 'full' };

export interface DriverBatch {
  readonly claims: readonly Pick<ClaimRequest, 'key' | 'call'>[];
  readonly keeps: readonly Omit<KeepRequest, 'settle'>[];
  readonly releases: readonly number[];
  /** From now on they are by nobody who is there, on every host. */
  readonly losses: readonly number[];
}

/** One database. Batches come one after the other. */
export interface IdempotencyDriver {
  /**
   * One transaction: releases, answers, losses, then claims, each seeing those before it.
   *
   * @returns one for each of `claims`, in their order, when all of it is durable
   * @throws whatever the database threw; nothing of the batch has happened then
   */
  run(batch: DriverBatch): readonly FoundClaim[] | Promise<readonly FoundClaim[]>;
  /**
   * Forgets some of what is older than it has to be kept; whether there is more of it. Called
   * between batches.
   */
  forget(): boolean | Promise<boolean>;
  close(): void | Promise<void>;
}

export interface RetentionOptions {
  /** How long a key is kept, from when it was claimed. */
  readonly retentionMs: number;
  /** Keys at once; beyond it claims of new ones are `full`. */
  readonly keysMax: number;
}
