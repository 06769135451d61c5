/**
 * How often calls may be sent more than once, beside the calls that are sent anyway: an upstream
 * that fails every call, or is slow with every call, is asked little more often by it.
 */
import type { Clock } from '../../core/clock.ts';
import type { SendBudgetTerms } from '../../core/upstream-record.ts';
import type { UpstreamLoad } from './target-client.ts';

const MS_PER_SECOND = 1_000;
/** Budgets are kept in hundredths of a request, so that shares add up. */
const HUNDREDTHS = 100;
/** Requests that may be saved up: of so many seconds, and beside so many calls. */
const SAVED_SECONDS = 10;
const SAVED_CALLS = 100;

interface Budget {
  hundredths: number;
  refilledMs: number;
}

/** What each upstream has left, in this front. */
export class SendBudgets {
  private readonly clock: Clock;
  /** Kept as long as an upstream is, whatever its records are. */
  private readonly budgets = new WeakMap<UpstreamLoad, Budget>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A call is sent for the first time. */
  earn(load: UpstreamLoad, terms: SendBudgetTerms): void {
    const budget = this.refilled(load, terms);
    budget.hundredths = Math.min(mostOf(terms), budget.hundredths + terms.budgetPercent);
  }

  /** Whether one more request may be sent. */
  allows(load: UpstreamLoad, terms: SendBudgetTerms): boolean {
    return this.refilled(load, terms).hundredths >= HUNDREDTHS;
  }

  /** One that was allowed is sent. */
  spend(load: UpstreamLoad, terms: SendBudgetTerms): void {
    this.refilled(load, terms).hundredths -= HUNDREDTHS;
  }

  private refilled(load: UpstreamLoad, terms: SendBudgetTerms): Budget {
    const nowMs = this.clock.monotonicMs();
    let budget = this.budgets.get(load);
    if (budget === undefined) {
      budget = { hundredths: terms.budgetMinPerSecond * HUNDREDTHS, refilledMs: nowMs };
      this.budgets.set(load, budget);
    }
    const seconds = (nowMs - budget.refilledMs) / MS_PER_SECOND;
    const earned = seconds * terms.budgetMinPerSecond * HUNDREDTHS;
    budget.hundredths = Math.min(mostOf(terms), budget.hundredths + earned);
    budget.refilledMs = nowMs;
    return budget;
  }
}

function mostOf({ budgetPercent, budgetMinPerSecond }: SendBudgetTerms): number {
  return budgetMinPerSecond * SAVED_SECONDS * HUNDREDTHS + budgetPercent * SAVED_CALLS;
}
