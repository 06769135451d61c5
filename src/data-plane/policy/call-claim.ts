/** One call's claim on its limits, from when it is made until the exchange is over. */
import type { Clock } from '../../core/clock.ts';
import type { CounterName, CounterSet } from '../../core/counters.ts';
import type { Exchange, PolicyHold } from '../../core/exchange.ts';
import type { Problem } from '../../core/problems.ts';
import type { Resumptions } from '../../core/resumptions.ts';
import { STAGE } from '../../core/stages.ts';
import type { Limit, LimitClaim, LimitRule, LimitStore } from '../../stores/limit-contract.ts';
import { policyFields } from './policy-fields.ts';
import { refusalOf } from './refusals.ts';

export interface ClaimParts {
  readonly clock: Clock;
  readonly store: LimitStore;
  readonly counters: CounterSet;
  readonly resumptions: Resumptions;
}

const REFUSED: Readonly<Record<LimitRule['kind'], CounterName>> = {
  rate: 'calls_refused_rate',
  concurrency: 'calls_refused_concurrency',
  quota: 'calls_refused_quota',
};

export class CallClaim implements LimitClaim, PolicyHold {
  readonly limits: readonly Limit[];
  refusedBy: Limit | undefined = undefined;
  waitMs = 0;
  tightest: Limit | undefined = undefined;
  remaining = 0;
  resetMs = 0;
  private readonly parts: ClaimParts;
  private readonly exchange: Exchange;
  private readonly policy: string;
  private readonly startedMs: number;
  private isTaken = false;

  constructor(parts: ClaimParts, exchange: Exchange, limits: readonly Limit[], policy: string) {
    this.parts = parts;
    this.exchange = exchange;
    this.limits = limits;
    this.policy = policy;
    this.startedMs = parts.clock.monotonicMs();
  }

  charge(): 'now' | 'later' {
    return this.parts.store.take(this);
  }

  /** The store has decided, while the step runs or later. */
  conclude(): Problem | undefined {
    const { exchange, refusedBy } = this;
    exchange.stageMs[STAGE.policy]! += this.parts.clock.monotonicMs() - this.startedMs;
    exchange.policyFields = policyFields(this, this.policy);
    if (refusedBy === undefined) {
      this.isTaken = true;
      return undefined;
    }
    this.parts.counters.add(REFUSED[refusedBy.rule.kind]);
    return refusalOf(this, refusedBy);
  }

  settle(): void {
    const refusal = this.conclude();
    if (this.exchange.completed) this.giveBack();
    else this.parts.resumptions.add(this.exchange, refusal);
  }

  /** Once; nothing where the store has not decided, which `settle` sees to. */
  giveBack(): void {
    if (!this.isTaken) return;
    this.isTaken = false;
    this.parts.store.release(this);
  }
}
