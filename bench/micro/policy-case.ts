import { CounterSet } from '../../src/core/counters.ts';
import { type Arrival, Exchange, type ExchangeDriver } from '../../src/core/exchange.ts';
import { plainPlan } from '../../src/core/plain-terms.ts';
import type { CompiledSnapshot, LimitTerms, PlanRecord } from '../../src/core/snapshot.ts';
import { Policy } from '../../src/data-plane/policy/index.ts';
import { createLimitShared, SharedLimitStore } from '../../src/stores/shared-memory/index.ts';
import { fold, type PreparedCase } from './bench-case.ts';

/** Never in the way: what is measured is counting. */
const MOST = 1_000_000;
const APPS = 200;
const RATE: LimitTerms = { requestsPerSecondMax: MOST, burstMax: MOST, concurrencyMax: undefined };
const CALLS: LimitTerms = { ...RATE, requestsPerSecondMax: undefined, concurrencyMax: MOST };

const DRIVER: ExchangeDriver = { resume: () => undefined, complete: () => undefined };

/** What counting a call against its limits and giving back costs the front thread. */
export function policyCase(isLimited: boolean): PreparedCase {
  const counters = new CounterSet();
  const shared = createLimitShared(1, 65_536, 65_536);
  const store = new SharedLimitStore(shared, { front: 0, counters });
  const clock = { wallMs: Date.now, monotonicMs: () => performance.now() };
  const policy = new Policy({ store, counters, clock, merchantHeader: undefined });
  const plan = isLimited ? limitedPlan() : plainPlan('standard');
  const exchanges = Array.from({ length: APPS }, (_, app) => anExchange(app, plan, isLimited));
  let calls = 0;
  return {
    run(iterations: number): number {
      let checksum = 0;
      for (let i = 0; i < iterations; i += 1) {
        const exchange = exchanges[calls++ % APPS]!;
        if (policy.limit(exchange) !== undefined) throw new Error('a call was refused');
        checksum = fold(checksum, exchange.policyFields?.[1]?.length ?? 0);
        policy.release(exchange);
      }
      return checksum;
    },
  };
}

/** A rate and a day of the app; its partner has calls in flight, the operation a rate. */
function limitedPlan(): PlanRecord {
  const quota = { requestsPerDayMax: 1e12, requestsPerMonthMax: undefined };
  return { ...plainPlan('standard'), limits: RATE, quota };
}

function anExchange(app: number, plan: PlanRecord, isLimited: boolean): Exchange {
  const snapshot = { plans: new Map([[plan.id, plan]]) } as unknown as CompiledSnapshot;
  const transport = { handle: undefined, sink: undefined as never };
  const exchange = new Exchange({ snapshot, headers: [] } as unknown as Arrival, transport, DRIVER);
  const operation = { id: 'read', limits: isLimited ? RATE : undefined, appLimits: undefined };
  exchange.target = {
    ...{ entry: { operation } as never, upstream: undefined as never },
    grant: { planId: plan.id, scopes: new Set() },
  };
  const partner = { id: `partner-${app}`, limits: isLimited ? CALLS : undefined };
  exchange.identity = {
    ...{ scheme: 'rfc9421', viaSession: false },
    entry: { app: { id: `app-${app}` }, partner } as never,
  };
  return exchange;
}
