/**
 * Whether a call that failed is sent again: after which failures, and how often beside the calls
 * that are sent anyway. An upstream that fails every call is asked little more often by it.
 */
import type { Clock } from '../../core/clock.ts';
import type { CounterSet } from '../../core/counters.ts';
import type { RetryCause, RetryRecord, UpstreamRecord } from '../../core/snapshot.ts';
import type { UpstreamErrorKind } from './call.ts';

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
  private readonly byId = new Map<string, Budget>();

  constructor(clock: Clock, counters: CounterSet) {
    this.clock = clock;
    this.counters = counters;
  }

  /** A call is sent for the first time. */
  earn({ id, resilience }: UpstreamRecord): void {
    const { retry } = resilience;
    if (retry === undefined) return;
    const budget = this.refilled(id, retry);
    const most = mostOf(retry);
    budget.hundredths = Math.min(most, budget.hundredths + retry.budgetPercent);
  }

  /** Whether one more is sent again; then it is paid for. */
  spend({ id, resilience }: UpstreamRecord): boolean {
    const budget = this.refilled(id, resilience.retry!);
    if (budget.hundredths < HUNDREDTHS) {
      this.counters.add('upstream_retries_over_budget');
      return false;
    }
    budget.hundredths -= HUNDREDTHS;
    this.counters.add('upstream_calls_sent_again');
    return true;
  }

  private refilled(id: string, retry: RetryRecord): Budget {
    const nowMs = this.clock.monotonicMs();
    let budget = this.byId.get(id);
    if (budget === undefined) {
      budget = { hundredths: retry.budgetMinPerSecond * HUNDREDTHS, refilledMs: nowMs };
      this.byId.set(id, budget);
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
