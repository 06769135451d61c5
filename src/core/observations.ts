/**
 * What the data plane tells of a call that belongs to a certification run: what it saw itself, so
 * that a run is judged by that and not by what a partner says.
 */

/** Ids of runs begin with it; a call of a run has `<run id>.<step>.<n>` as its x-request-id. */
export const RUN_PREFIX = 'cert-';

/** Of all apps together, at a time. */
export const OPEN_RUNS_MAX = 100;
/** Calls of a run with a good signature that are looked at; the suite makes 14. */
export const PROVEN_CALLS_MAX = 100;
/** Refusals of a step that are looked at: whoever knows the run's id can bring them about. */
export const REFUSALS_PER_STEP_MAX = 10;

/** The refusal that a step wants to see. Nothing else is shown by a call that proves nothing. */
export const WANTED_REFUSALS: ReadonlyMap<string, string> = new Map([
  ['refused-replay', 'signature-replayed'],
  ['refused-digest', 'digest-mismatch'],
  ['refused-clock', 'signature-expired'],
]);

/** What the fronts look out for. */
export interface OpenRun {
  readonly id: string;
  /** Calls of other apps do not count. */
  readonly app: string;
}

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
  /** Of path, query and body: calls that ask for the same have the same. Of proven calls only. */
  readonly requestDigest: string | undefined;
  readonly totalMs: number;
  /** Milliseconds since the epoch at which it was over. */
  readonly atMs: number;
}

/** What the request id of a call says: its run, and the step. */
export function readRequestId(requestId: string): {
  readonly runId: string;
  readonly step: string;
} {
  const [runId = '', step = ''] = requestId.split('.', 2);
  return { runId, step };
}

/** How many calls of a run are looked at: nobody without a key of the app can use up its share. */
export class CallBudget {
  private proven = 0;
  private readonly refused = new Map<string, number>();

  /** Whether there is room for one more; it is taken. */
  take(step: string, isProven: boolean): boolean {
    if (isProven) {
      this.proven += 1;
      return this.proven <= PROVEN_CALLS_MAX;
    }
    if (!WANTED_REFUSALS.has(step)) return false;
    const count = (this.refused.get(step) ?? 0) + 1;
    this.refused.set(step, count);
    return count <= REFUSALS_PER_STEP_MAX;
  }
}
