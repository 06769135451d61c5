/** How fast one source may call, before anything else is looked at. */
import type { Config } from '../../core/config.ts';
import type { CounterSet } from '../../core/counters.ts';
import { type Problem, problemAfter } from '../../core/problems.ts';
import type { Limit, LimitClaim, LimitRule, LimitStore } from '../../stores/limit-contract.ts';

const MS_PER_SECOND = 1_000;

type SourceTerms = Pick<Config['policy'], 'sourceRequestsPerSecondMax' | 'sourceBurstMax'>;

/** Of one host: what a source may have at each of several is for what stands before them. */
export class SourceRates {
  private readonly store: LimitStore;
  private readonly counters: CounterSet;
  private readonly rule: LimitRule;

  /** @param store one that decides at once */
  constructor(store: LimitStore, counters: CounterSet, terms: SourceTerms) {
    this.store = store;
    this.counters = counters;
    const perSecond = terms.sourceRequestsPerSecondMax;
    this.rule = { kind: 'rate', perSecond, burst: terms.sourceBurstMax };
  }

  /** @param source as `sourceNetwork` has it */
  refuse(source: string): Problem | undefined {
    const claim = new SourceClaim(source, this.rule);
    this.store.take(claim);
    if (claim.refusedBy === undefined) return undefined;
    this.counters.add('calls_refused_source_rate');
    const seconds = Math.max(1, Math.ceil(claim.waitMs / MS_PER_SECOND));
    return problemAfter('rate-limited', 'Too many calls come from this address.', seconds);
  }
}

class SourceClaim implements LimitClaim {
  readonly limits: readonly Limit[];
  refusedBy: Limit | undefined = undefined;
  waitMs = 0;
  tightest: Limit | undefined = undefined;
  remaining = 0;
  resetMs = 0;

  constructor(source: string, rule: LimitRule) {
    const key = `source ${source}`;
    this.limits = [{ name: 'source', key, rule, isOneOfMany: true, place: -1, generation: 0 }];
  }

  settle(): void {}
}
