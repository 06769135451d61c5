import type { AlertRule, BurnRate } from './alert-rule.ts';

const OBJECTIVE = 0.999;
const HOUR = 3_600;

const availability = (longSeconds: number, shortSeconds: number, factor: number): BurnRate => ({
  kind: 'burn-rate',
  ...{ objective: OBJECTIVE, longSeconds, shortSeconds, factor },
});

const refusals = (of: string, perSecond: number, windowSeconds = 60) =>
  ({ kind: 'rate', side: 'above', ...{ of, perSecond, windowSeconds } }) as const;

/**
 * What holds where the configuration names no rules. Burn rates are of an objective of 99.9 % over
 * 30 days, 720 hours: at the factor f a window of h hours uses up f * h / 720 of the month's
 * budget. docs/alerts.md has the table.
 */
export const DEFAULT_RULES: readonly AlertRule[] = [
  // A tenth of all calls fails: seen five minutes after a start, long before an hour is on record.
  {
    name: 'availability-outage',
    severity: 'page',
    when: availability(300, 60, 100),
    forSeconds: 15,
  },
  // 2 % of the month's budget in one hour.
  {
    name: 'availability-fast',
    severity: 'page',
    when: availability(HOUR, 300, 14.4),
    forSeconds: 60,
  },
  // 5 % in six hours.
  {
    name: 'availability-slow',
    severity: 'page',
    when: availability(6 * HOUR, 1_800, 6),
    forSeconds: 300,
  },
  // 8 % in twenty hours, which the history of a day holds whole.
  {
    name: 'availability-leak',
    severity: 'ticket',
    when: availability(20 * HOUR, 2 * HOUR, 3),
    forSeconds: 900,
  },
  {
    name: 'latency-p99',
    severity: 'ticket',
    when: { kind: 'percentile', quantile: 0.99, aboveMs: 500, windowSeconds: 300 },
    forSeconds: 120,
  },
  { name: 'overloaded', severity: 'ticket', when: refusals('overloaded', 1), forSeconds: 60 },
  {
    name: 'verify-saturated',
    severity: 'ticket',
    when: refusals('verify-saturated', 1),
    forSeconds: 60,
  },
  { name: 'circuit-open', severity: 'ticket', when: refusals('circuit-open', 1), forSeconds: 60 },
  // Those below refuse calls that are in order, until an operator does something.
  {
    name: 'nonce-store-full',
    severity: 'page',
    when: refusals('nonce-store-full', 0.1),
    forSeconds: 30,
  },
  {
    name: 'nonce-store-unavailable',
    severity: 'page',
    when: refusals('nonce-store-unavailable', 0.1),
    forSeconds: 30,
  },
  {
    name: 'idempotency-unavailable',
    severity: 'page',
    when: refusals('idempotency-unavailable', 0.1),
    forSeconds: 30,
  },
  // Three of them in five minutes: a fault of the gateway itself.
  {
    name: 'internal-error',
    severity: 'ticket',
    when: refusals('internal-error', 0.01, 300),
    forSeconds: 0,
  },
];
