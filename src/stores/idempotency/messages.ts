/** What a front thread and the thread of the store say to each other; one message a turn. */
import type { ClaimOutcome } from '../idempotency-contract.ts';

export interface WireAnswer {
  readonly ask: number;
  readonly claim: number;
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Uint8Array | undefined;
}

export interface ToStore {
  /** One for each pair of digests. */
  readonly asks: readonly number[];
  /** Of each ask the digest of its key, then that of its call. */
  readonly digests: Uint8Array;
  readonly keeps: readonly WireAnswer[];
  readonly releases: readonly number[];
  readonly losses: readonly number[];
}

export interface FromStore {
  readonly asks: readonly number[];
  /** One for each of `asks`. */
  readonly outcomes: readonly ClaimOutcome[];
  /** Asks of answers: those that are on the disk, and those that could not be put there. */
  readonly kept: readonly number[];
  readonly unkept: readonly number[];
}
