/**
 * Whether a call that failed is sent again: after which failures, and how often beside the calls
 * that are sent anyway. An upstream that fails every call is asked little more often by it.
 */
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { RetryCause, RetryRecord, UpstreamRecord } from '../../core/snapshot.ts';
import type { UpstreamErrorKind } from './call.ts';
import type { UpstreamLoad } from './target-client.ts';

const MS_PER_SECOND = 1_000;
/** Budgets are kept in hundredths of a retry, so that shares add up. */
const HUNDREDTHS = 100;
/** Retries that may be saved up: of so many seconds, and beside so many calls. */
const SAVED_SECONDS = 10;
const SAVED_CALLS = 100;
/** Before the same target is asked again: jittered, and longer each time. */
const PAUSE_MS = 10;

/** A call that is `saturated` was not sent, but its upstream has enough to do. */
const CAUSE_OF: Readonly<Partial<Record<UpstreamErrorKind, RetryCause>>> = {
  unreachable: 'unreachable',
  timeout: 'timeout',
  protocol: 'protocol',
};

const RETRIED_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/** A call that may have taken effect is sent again only where its method is safe. */
export function isRetriedError(
  { on }: RetryRecord,
  kind: UpstreamErrorKind,
  isSafe: boolean,
): boolean {
  const cause = CAUSE_OF[kind];
  if (cause === undefined || !on.includes(cause)) return false;
  return isSafe || kind === 'unreachable';
}

export function isRetriedStatus({ on }: RetryRecord, status: number, isSafe: boolean): boolean {
  return isSafe && RETRIED_STATUSES.has(status) && on.includes('status-502-503-504');
}

/** @param attempt the one that failed, from 1 */
export function pauseBeforeRetry(attempt: number, random: () => number): number {
  return PAUSE_MS * attempt * (0.5 + random());
}

interface Budget {
  hundredths: number;
  refilledMs: number;
}

/** What each upstream has left for retries, in this front. */
export class RetryBudgets {
  private readonly clock: Clock;
  private readonly counters: CounterSet;
  /** Kept as long as an upstream is, whatever its records are. */
  private readonly budgets = new WeakMap<UpstreamLoad, Budget>();

  constructor(clock: Clock, counters: CounterSet) {
    this.clock = clock;
    this.counters = counters;
  }

  /** A call is sent for the first time. */
  earn({ resilience }: UpstreamRecord, load: UpstreamLoad): void {
    const { retry } = resilience;
    if (retry === undefined) return;
    const budget = this.refilled(load, retry);
    const most = mostOf(retry);
    budget.hundredths = Math.min(most, budget.hundredths + retry.budgetPercent);
  }

  /** Whether one more may be sent again. */
  allows({ resilience }: UpstreamRecord, load: UpstreamLoad): boolean {
    if (this.refilled(load, resilience.retry!).hundredths >= HUNDREDTHS) return true;
    this.counters.add('upstream_retries_over_budget');
    return false;
  }

  /** One that was allowed is sent again. */
  spend({ resilience }: UpstreamRecord, load: UpstreamLoad): void {
    this.refilled(load, resilience.retry!).hundredths -= HUNDREDTHS;
    this.counters.add('upstream_calls_sent_again');
  }

  private refilled(load: UpstreamLoad, retry: RetryRecord): Budget {
    const nowMs = this.clock.monotonicMs();
    let budget = this.budgets.get(load);
    if (budget === undefined) {
      budget = { hundredths: retry.budgetMinPerSecond * HUNDREDTHS, refilledMs: nowMs };
      this.budgets.set(load, budget);
    }
    const seconds = (nowMs - budget.refilledMs) / MS_PER_SECOND;
    const earned = seconds * retry.budgetMinPerSecond * HUNDREDTHS;
    budget.hundredths = Math.min(mostOf(retry), budget.hundredths + earned);
    budget.refilledMs = nowMs;
    return budget;
  }
}

function mostOf({ budgetPercent, budgetMinPerSecond }: RetryRecord): number {
  return budgetMinPerSecond * SAVED_SECONDS * HUNDREDTHS + budgetPercent * SAVED_CALLS;
}
