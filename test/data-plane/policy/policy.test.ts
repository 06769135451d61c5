import { beforeEach, describe, expect, it } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import { type Exchange, PENDING } from '../../../src/core/exchange.ts';
import { plainPlan } from '../../../src/core/plain-terms.ts';
import type { LimitTerms, PlanRecord } from '../../../src/core/snapshot.ts';
import { Policy } from '../../../src/data-plane/policy/index.ts';
import type { LimitClaim, LimitStore } from '../../../src/stores/limit-contract.ts';
import {
  anExchange,
  EMPTY_SNAPSHOT,
  identified,
  RecordingDriver,
} from '../../support/exchanges.ts';

/** Takes what the test says, at once or later. */
class TestLimits implements LimitStore {
  readonly claims: LimitClaim[] = [];
  readonly released: LimitClaim[] = [];
  answer: 'now' | 'later' = 'now';
  refuse: string | undefined;

  take(claim: LimitClaim): 'now' | 'later' {
    this.claims.push(claim);
    if (this.answer === 'now') this.decide(claim);
    return this.answer;
  }

  decide(claim: LimitClaim): void {
    claim.refusedBy = claim.limits.find(({ name }) => name === this.refuse);
    claim.waitMs = 1_200;
    claim.tightest = claim.limits.find(({ rule }) => rule.kind !== 'concurrency');
    claim.remaining = 7;
    claim.resetMs = 2_500;
  }

  release(claim: LimitClaim): void {
    this.released.push(claim);
  }
}

const FAST: LimitTerms = { requestsPerSecondMax: 10, burstMax: 20, concurrencyMax: 5 };
let store: TestLimits;
let counters: CounterSet;
let policy: Policy;
let plan: PlanRecord;
let driver: RecordingDriver;

beforeEach(() => {
  store = new TestLimits();
  counters = new CounterSet();
  let nowMs = 0;
  const clock = { wallMs: () => 0, monotonicMs: () => (nowMs += 0.25) };
  policy = new Policy({ store, counters, clock, merchantHeader: 'x-merchant' });
  plan = plainPlan('standard');
  driver = new RecordingDriver();
});

function aCall(headers: readonly string[] = []): Exchange {
  const snapshot = { ...EMPTY_SNAPSHOT, plans: new Map([[plan.id, plan]]) };
  return identified(anExchange({ snapshot, headers }, driver));
}

const keysOf = (claim: LimitClaim) => claim.limits.map(({ name, key }) => `${name}: ${key}`);

describe('the limits of a call', () => {
  it('are none where nothing is agreed, and cost nothing then', () => {
    const exchange = aCall();
    expect(policy.limit(exchange)).toBeUndefined();
    expect([store.claims, exchange.hold, exchange.policyFields]).toEqual([
      [],
      undefined,
      undefined,
    ]);
  });

  it('are those of app, quota, plan, partner and operation, calls in flight last', () => {
    plan = {
      ...plan,
      ...{ limits: FAST, sharedLimits: FAST },
      quota: { requestsPerDayMax: 100, requestsPerMonthMax: 1_000 },
    };
    const exchange = aCall();
    const { entry } = exchange.target!;
    Object.assign(entry.operation, { limits: FAST, appLimits: FAST });
    Object.assign(exchange.identity!.entry.partner, { limits: FAST });
    policy.limit(exchange);
    expect(keysOf(store.claims[0]!)).toEqual([
      'app: app app-1 standard',
      'day: day app-1 standard',
      'month: month app-1 standard',
      'plan: plan standard',
      'app-operation: app-operation app-1 accounts.list',
      'partner: partner partner-1',
      'operation: operation accounts.list',
      'app-calls: app app-1 standard',
      'plan-calls: plan standard',
      'app-operation-calls: app-operation app-1 accounts.list',
      'partner-calls: partner partner-1',
      'operation-calls: operation accounts.list',
    ]);
    expect(exchange.policyFields).toEqual([
      'ratelimit-policy',
      '"app";q=20;w=2, "day";q=100;w=86400, "month";q=1000, "plan";q=20;w=2, ' +
        '"app-operation";q=20;w=2, "partner";q=20;w=2, "operation";q=20;w=2',
      'ratelimit',
      '"app";r=7;t=3',
    ]);
  });

  it('are made once for calls alike, and anew under other terms', () => {
    plan = { ...plan, limits: FAST };
    const first = aCall();
    const again = aCall();
    again.target = first.target;
    again.identity = first.identity;
    for (const exchange of [first, again]) policy.limit(exchange);
    expect(store.claims[1]!.limits).toBe(store.claims[0]!.limits);
    plan = { ...plan, limits: { ...FAST, burstMax: 1 } };
    const changed = aCall();
    changed.target = first.target;
    changed.identity = first.identity;
    policy.limit(changed);
    expect(store.claims[2]!.limits[0]!.rule).toMatchObject({ burst: 1 });
  });

  it('of a public operation are its own alone', () => {
    const exchange = aCall();
    Object.assign(exchange.target!.entry.operation, { limits: FAST, appLimits: FAST });
    exchange.identity = undefined;
    exchange.target = { ...exchange.target!, grant: undefined };
    policy.limit(exchange);
    expect(keysOf(store.claims[0]!)).toEqual([
      'operation: operation accounts.list',
      'operation-calls: operation accounts.list',
    ]);
  });

  it('are one more for the merchant that the call names', () => {
    plan = { ...plan, merchantLimits: { ...FAST, concurrencyMax: undefined } };
    expect(policy.limit(aCall())).toBeUndefined();
    expect(store.claims).toEqual([]);
    policy.limit(aCall(['x-merchant', 'shop-7']));
    const [limit] = store.claims[0]!.limits;
    expect(limit).toMatchObject({ isOneOfMany: true, key: 'merchant app-1 standard shop-7' });
    expect(policy.limit(aCall(['x-merchant', 'a shop']))).toMatchObject({
      ...{ name: 'malformed-request', detail: expect.stringContaining('x-merchant') },
    });
    expect(policy.limit(aCall(['x-merchant', 'x'.repeat(129)]))).toMatchObject({
      name: 'malformed-request',
    });
  });
});

describe('a refusal', () => {
  it.each([
    ['app', 'rate-limited', 2, 'calls_refused_rate'],
    ['day', 'quota-exceeded', 2, 'calls_refused_quota'],
    ['app-calls', 'too-many-in-flight', undefined, 'calls_refused_concurrency'],
  ] as const)('by %s is %s', (name, code, seconds, counter) => {
    plan = {
      ...plan,
      limits: FAST,
      quota: { requestsPerDayMax: 1, requestsPerMonthMax: undefined },
    };
    store.refuse = name;
    const exchange = aCall();
    const refusal = policy.limit(exchange);
    expect(refusal).toMatchObject({ name: code, retryAfterSeconds: seconds });
    expect(counters.get(counter)).toBe(1);
    expect(exchange.policyFields).toBeDefined();
    policy.release(exchange);
    expect(store.released).toEqual([]);
  });
});

describe('what a call holds', () => {
  beforeEach(() => {
    plan = { ...plan, limits: FAST };
  });

  it('is given back once, however it ended', () => {
    const exchange = aCall();
    policy.limit(exchange);
    policy.release(exchange);
    policy.release(exchange);
    expect(store.released).toEqual(store.claims);
  });

  it('is decided later where the store says so, and the call goes on then', async () => {
    store.answer = 'later';
    const exchange = aCall();
    expect(policy.limit(exchange)).toBe(PENDING);
    store.decide(store.claims[0]!);
    store.claims[0]!.settle();
    await Promise.resolve();
    expect(driver.resumed).toEqual([undefined]);
    policy.release(exchange);
    expect(store.released).toHaveLength(1);
  });

  it('is given back by a call that ended before it was decided', () => {
    store.answer = 'later';
    const exchange = aCall();
    policy.limit(exchange);
    exchange.completed = true;
    policy.release(exchange);
    expect(store.released).toEqual([]);
    store.decide(store.claims[0]!);
    store.claims[0]!.settle();
    expect(store.released).toEqual(store.claims);
    expect(driver.resumed).toEqual([]);
  });
});
