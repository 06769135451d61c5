/**
 * What the policy room asks of limits that the front threads share. Drivers are held to it by one
 * suite.
 */

/** How a limit counts. */
export type LimitRule =
  /**
   * GCRA (ITU-T I.371): over any time t at most `burst + perSecond * t` calls are taken, and at
   * most one a nanosecond less where both are read at one instant.
   */
  | { readonly kind: 'rate'; readonly perSecond: number; readonly burst: number }
  /** Calls that were taken and not yet released. */
  | { readonly kind: 'concurrency'; readonly max: number }
  /** Calls within a day or a month of UTC. */
  | { readonly kind: 'quota'; readonly window: 'day' | 'month'; readonly max: number };

/**
 * One thing that is counted. Made once by the policy room and kept by it for as long as its subject
 * is in use, so that a driver may keep in it where it counts.
 */
export interface Limit {
  /** What it is called to the caller, e.g. `app` or `day`: unique among the limits of one call. */
  readonly name: string;
  /** Whom it counts, over all limits and hosts, e.g. `app:shop-1:gold`; at most 512 ASCII. */
  readonly key: string;
  readonly rule: LimitRule;
  /**
   * Of a kind of which there are millions (end merchants, source addresses): counted in a bounded
   * sketch, whose error is that a call is now and then refused too early, never taken beyond the
   * limit. Only with `rate`.
   */
  readonly isOneOfMany: boolean;
  /** The driver's own: a number below 0 before it has seen the limit. */
  place: number;
  /** The driver's own: tells whether `place` is still the limit's. */
  generation: number;
}

/** One call and the limits that it counts against; all of them or none is charged. */
export interface LimitClaim {
  readonly limits: readonly Limit[];
  /** Set by the driver: the limit that stands in the way, or undefined. */
  refusedBy: Limit | undefined;
  /** Set with `refusedBy`: ms until the call may be taken, at least 1; for a concurrency 0. */
  waitMs: number;
  /** Set by the driver: the limit with the smallest share left, of those with a rate or a quota. */
  tightest: Limit | undefined;
  /** Of `tightest`: calls that could be taken at this instant. */
  remaining: number;
  /** Of `tightest`: ms until all that it has is there again, or the quota's window ends. */
  resetMs: number;
  /** The driver has decided later; called only where `take` returned `later`. Must not throw. */
  settle(): void;
}

export interface LimitStore {
  /**
   * Charges the claim. `now`: it is decided and the fields are set. `later`: `settle` will be
   * called, at the latest after the driver's own time limit, whatever becomes of the other host.
   */
  take(claim: LimitClaim): 'now' | 'later';
  /** Gives back the concurrency of a claim that was taken; exactly once, when its call is over. */
  release(claim: LimitClaim): void;
}

/** What is left of budgets for failures: of a source address, and of a source and a key id. */
export interface FailureBudget {
  /**
   * Ms until the next attempt is let through; 0 where none of it is spent. What other key ids have
   * spent of the source does not count for one that has verified from there lately.
   */
  waitMs(source: string, keyId: string): number;
  /** Counts one failed attempt. */
  charge(source: string, keyId: string): void;
  /** An attempt verified. */
  prove(source: string, keyId: string): void;
}
