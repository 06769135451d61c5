/**
 * Rates and quotas that Redis has found used up, until they may have something again: until then it
 * would refuse whatever comes, and need not be asked. So who floods costs a front little and Redis
 * nothing, and nobody is refused whom Redis would have let in.
 */
import type { Limit, LimitClaim, LimitRule } from '../../limit-contract.ts';

/** Beyond it all are forgotten, and asked for anew. */
const SPENT_MAX = 65_536;
/** A quota may be raised, or Redis emptied: it is asked as often, however long the wait. */
const KEPT_MAX_MS = 1_000;
/** The script rounds up. */
const ROUNDED_MS = 1;

interface Spent {
  readonly rule: LimitRule;
  /** On the clock of its kind. */
  readonly untilMs: number;
  readonly waitedForMs: number;
  readonly resetAtMs: number;
}

export interface SpentClocks {
  /** Monotonic, for rates. */
  readonly nowMs: () => number;
  /** For quotas, whose windows are those of the wall clock. */
  readonly wallMs: () => number;
}

export class SpentLimits {
  private readonly clocks: SpentClocks;
  private readonly byKey = new Map<string, Spent>();

  constructor(clocks: SpentClocks) {
    this.clocks = clocks;
  }

  /** Redis has refused the claim. */
  remember({ refusedBy, waitMs, resetMs }: LimitClaim): void {
    if (refusedBy === undefined || waitMs <= ROUNDED_MS) return;
    const { rule } = refusedBy;
    const nowMs = this.timeOf(rule);
    if (this.byKey.size >= SPENT_MAX) this.byKey.clear();
    this.byKey.set(nameOf(refusedBy), {
      rule,
      untilMs: nowMs + Math.min(waitMs - ROUNDED_MS, KEPT_MAX_MS),
      waitedForMs: nowMs + waitMs,
      resetAtMs: nowMs + resetMs,
    });
  }

  /** Refuses a claim with a limit that is known to be used up; false where none is. */
  refuse(claim: LimitClaim): boolean {
    if (this.byKey.size === 0) return false;
    for (const limit of claim.limits) {
      const spent = this.byKey.get(nameOf(limit));
      if (spent === undefined) continue;
      const nowMs = this.timeOf(limit.rule);
      if (nowMs < spent.untilMs && isSame(limit.rule, spent.rule)) {
        claim.refusedBy = limit;
        claim.waitMs = Math.max(1, Math.ceil(spent.waitedForMs - nowMs));
        claim.tightest = limit;
        claim.remaining = 0;
        claim.resetMs = Math.max(1, Math.ceil(spent.resetAtMs - nowMs));
        return true;
      }
      this.byKey.delete(nameOf(limit));
    }
    return false;
  }

  private timeOf({ kind }: LimitRule): number {
    return kind === 'quota' ? this.clocks.wallMs() : this.clocks.nowMs();
  }
}

/** A rate and calls in flight of one subject have one key. */
function nameOf({ key, rule }: Limit): string {
  return `${rule.kind} ${key}`;
}

/** New terms are other ones, and asked for. */
function isSame(a: LimitRule, b: LimitRule): boolean {
  if (a.kind === 'rate') {
    return b.kind === 'rate' && a.perSecond === b.perSecond && a.burst === b.burst;
  }
  return a.kind === 'quota' && b.kind === 'quota' && a.window === b.window && a.max === b.max;
}
