/** What the mock gateway answers to searches, and its alerts. */
import { STAGES } from '../../../src/core/stages.ts';
import type { RequestRecord, RequestsAnswer } from '../../../src/telemetry/request-record.ts';
import type { TopItem } from '../../../src/telemetry/top-names.ts';
import { noise } from './traffic.ts';

/** As the gateway answers it, so that the page is tried with what it will get. */
type FoundRecord = RequestRecord & { readonly stageMs: { readonly total: number } };

const OPERATIONS = ['payments.create', 'accounts.balance', 'statements.list', 'refunds.create'];
const APPS = ['merchant-hub', 'payroll-cloud', 'invoice-link', 'supply-desk'];
const PROBLEMS = ['upstream-timeout', undefined, undefined, 'rate-limited', undefined] as const;
const SHARES = [0.02, 0.11, 0.14, 0.01, 0.06, 0.05, 0.55, 0.03];

export const KNOWN_REQUEST = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

function shortRecord(index: number, nowMs: number): FoundRecord {
  const problem = PROBLEMS[index % PROBLEMS.length];
  const status = problem === undefined ? 200 : problem === 'rate-limited' ? 429 : 504;
  return {
    requestId: index === 0 ? KNOWN_REQUEST : `${(index * 7_919 + 0x5af3).toString(16)}-${index}`,
    ...{ endedAtMs: nowMs - index * 1_870, front: index % 2, source: '203.0.113.24' },
    ...{
      method: index % 2 === 0 ? 'POST' : 'GET',
      path: `/open/v2/orders/${4_711 + index}`,
      status,
    },
    ...{ attempts: 1, replayed: false, aborted: false, requestBytes: 600, responseBytes: 812 },
    stageMs: { total: 5_012 / (index + 1) ** 1.1 },
    ...{ app: APPS[index % 4]!, partner: 'northwind', operation: OPERATIONS[index % 4]! },
    ...(problem !== undefined && { problem }),
  };
}

export function foundRequests(
  nowMs: number,
  { app, operation, problem, source, order, limit }: Readonly<Record<string, string>>,
) {
  const all = Array.from({ length: 25 }, (_, index) => shortRecord(index, nowMs));
  return all
    .filter(one => app === undefined || one.app === app)
    .filter(one => operation === undefined || one.operation === operation)
    .filter(one => problem === undefined || one.problem === problem)
    .filter(one => source === undefined || one.source === source)
    .sort((a, b) =>
      order === 'latest' ? b.endedAtMs - a.endedAtMs : b.stageMs.total - a.stageMs.total,
    )
    .slice(0, Number(limit ?? 25));
}

/** An hour of them. */
export function memoryAt(nowMs: number) {
  return { sinceMs: nowMs - 3_600_000, bytes: 20_971_520, maxBytes: 33_554_432 };
}

export function wholeRequest(nowMs: number): RequestsAnswer {
  const short = shortRecord(0, nowMs);
  const { total } = short.stageMs;
  const stages = STAGES.slice(0, -1).map((stage, index) => [stage, total * SHARES[index]!]);
  const whole = {
    ...short,
    ...{ key: 'merchant-hub-2026', scheme: 'rfc9421', plan: 'gold' },
    step: 'forward' as const,
    ...{ upstream: 'core-banking', target: '10.1.4.9:8443', attempts: 2 },
    stageMs: { ...Object.fromEntries(stages), total },
  };
  return { items: [whole], memory: memoryAt(nowMs) };
}

const TOP_NAMES: Readonly<Record<string, readonly string[]>> = {
  app: APPS,
  operation: OPERATIONS,
  problem: ['rate-limited', 'signature-invalid', 'upstream-timeout', 'scope-insufficient'],
  source: ['203.0.113.24', '198.51.100.7', '2001:db8:41::9', '192.0.2.61'],
};

const RANKS: Readonly<Record<string, (item: TopItem) => number>> = {
  refused: ({ refused }) => refused,
  slowest: ({ p99Ms }) => p99Ms,
};

export function topItems(by: string, order: string, windowSeconds: number): TopItem[] {
  const rank = RANKS[order] ?? (({ exchanges }) => exchanges);
  const items = (TOP_NAMES[by] ?? []).map((name, index) => ({
    name,
    exchanges: Math.round((windowSeconds * 1_900) / (index + 1)),
    refused: by === 'problem' ? Math.round(1_900 / (index + 1)) : Math.round(noise(index) * 940),
    meanMs: 5.2 + index * 1.3,
    p99Ms: 21.4 + index * 17.2,
  }));
  return items.sort((one, other) => rank(other) - rank(one));
}

export function alertsAt(nowMs: number) {
  const quiet = ['gateway-down', 'loop-delay-high', 'restarts', 'upstream-errors', 'queue-full'];
  return [
    {
      ...{ name: 'latency-budget-fast-burn', severity: 'page', state: 'firing' },
      sinceMs: nowMs - 754_000,
      summary: 'The budget of p99 under 50 ms is used up 14.4 times as fast as it may be.',
    },
    {
      ...{ name: 'refusals-rising', severity: 'ticket', state: 'pending' },
      sinceMs: nowMs - 64_000,
      summary: '2.1 % of calls were refused in the last 5 min; the bound is 2 %.',
    },
    ...quiet.map(name => ({
      ...{ name, severity: 'ticket', state: 'ok', sinceMs: nowMs - 3_600_000, summary: '' },
    })),
  ];
}
