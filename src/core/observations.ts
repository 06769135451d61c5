/**
 * What the data plane tells of a call that belongs to a certification run: what it saw itself, so
 * that a run is judged by that and not by what a partner says.
 */

/** Ids of runs begin with it; a call of a run has `<run id>.<step>.<n>` as its x-request-id. */
export const RUN_PREFIX = 'cert-';

export interface ObservedCall {
  readonly requestId: string;
  /** A sandbox app: the one whose key signed, or is said to have signed where it is not proven. */
  readonly appId: string;
  readonly keyId: string;
  /** Whether the signature verified and its nonce was fresh. */
  readonly proven: boolean;
  readonly operationId: string | undefined;
  readonly method: string;
  /** What the caller got; 0 where no answer began. */
  readonly status: number;
  /** The gateway's problem; undefined where it refused nothing. */
  readonly code: string | undefined;
  /** The caller closed the connection before the answer was complete. */
  readonly aborted: boolean;
  /** Of the value of Idempotency-Key, which is not told itself. */
  readonly idempotencyKeyDigest: string | undefined;
  readonly totalMs: number;
  /** Milliseconds since the epoch at which it was over. */
  readonly atMs: number;
}
