/** Which limits a call counts against, worked out once for each app and operation in use. */
import type { Exchange } from '../../core/exchange.ts';
import type {
  KeyEntry,
  LimitTerms,
  OperationRecord,
  PartnerRecord,
  PlanRecord,
} from '../../core/snapshot.ts';
import type { Limit, LimitRule } from '../../stores/limit-contract.ts';
import { policyItem } from './policy-fields.ts';

export interface CallLimits {
  readonly limits: readonly Limit[];
  /** `RateLimit-Policy` of them; '' where none has a rate or a quota. */
  readonly policy: string;
  /** What they were worked out from: another record has other terms. */
  readonly plan: PlanRecord | undefined;
  readonly partner: PartnerRecord | undefined;
}

/** By the grant, or what stands for it, and the operation: they go with the records. */
export class CallLimitsByCall {
  private readonly byOwner = new WeakMap<object, WeakMap<OperationRecord, CallLimits>>();

  of(exchange: Exchange): CallLimits {
    const { operation } = exchange.target!.entry;
    const { grant } = exchange.target!;
    const entry = exchange.identity?.entry;
    const plan = grant && exchange.arrival.snapshot.plans.get(grant.planId);
    const byOperation = this.ownedBy(grant ?? entry?.app ?? operation);
    const known = byOperation.get(operation);
    if (known !== undefined && known.plan === plan && known.partner === entry?.partner) {
      return known;
    }
    const made = limitsOf(operation, entry, plan);
    byOperation.set(operation, made);
    return made;
  }

  private ownedBy(owner: object): WeakMap<OperationRecord, CallLimits> {
    let byOperation = this.byOwner.get(owner);
    if (byOperation === undefined) {
      byOperation = new WeakMap();
      this.byOwner.set(owner, byOperation);
    }
    return byOperation;
  }
}

function limitsOf(
  operation: OperationRecord,
  entry: KeyEntry | undefined,
  plan: PlanRecord | undefined,
): CallLimits {
  const limits: Limit[] = [];
  const add = (name: string, key: string, terms: LimitTerms | undefined) => {
    if (terms !== undefined) limits.push(...limitsUnder(name, key, terms));
  };
  if (entry !== undefined) {
    const { app, partner } = entry;
    if (plan !== undefined) {
      add('app', `app ${app.id} ${plan.id}`, plan.limits);
      limits.push(...quotasOf(app.id, plan));
      add('plan', `plan ${plan.id}`, plan.sharedLimits);
    }
    add('app-operation', `app-operation ${app.id} ${operation.id}`, operation.appLimits);
    add('partner', `partner ${partner.id}`, partner.limits);
  }
  add('operation', `operation ${operation.id}`, operation.limits);
  limits.sort(callsInFlightLast);
  const policy = limits.flatMap(policyItem).join(', ');
  return { limits, policy, plan, partner: entry?.partner };
}

/** Whoever is refused by them is still told what is left of the others. */
function callsInFlightLast(a: Limit, b: Limit): number {
  return Number(a.rule.kind === 'concurrency') - Number(b.rule.kind === 'concurrency');
}

function limitsUnder(name: string, key: string, terms: LimitTerms): Limit[] {
  const { requestsPerSecondMax, burstMax, concurrencyMax } = terms;
  const limits: Limit[] = [];
  if (requestsPerSecondMax !== undefined) {
    const burst = burstMax ?? requestsPerSecondMax;
    limits.push(aLimit(name, key, { kind: 'rate', perSecond: requestsPerSecondMax, burst }));
  }
  if (concurrencyMax !== undefined) {
    limits.push(aLimit(`${name}-calls`, key, { kind: 'concurrency', max: concurrencyMax }));
  }
  return limits;
}

function quotasOf(appId: string, { id, quota }: PlanRecord): Limit[] {
  const limits: Limit[] = [];
  const add = (window: 'day' | 'month', max: number | undefined) => {
    if (max === undefined) return;
    limits.push(aLimit(window, `${window} ${appId} ${id}`, { kind: 'quota', window, max }));
  };
  add('day', quota?.requestsPerDayMax);
  add('month', quota?.requestsPerMonthMax);
  return limits;
}

/** Of one end merchant of an app; undefined where the plan has no rate for them. */
export function merchantLimit(
  appId: string,
  plan: PlanRecord | undefined,
  merchant: string,
): Limit | undefined {
  const { requestsPerSecondMax: perSecond, burstMax } = plan?.merchantLimits ?? {};
  if (perSecond === undefined) return undefined;
  const rule = { kind: 'rate', perSecond, burst: burstMax ?? perSecond } as const;
  return {
    ...aLimit('merchant', `merchant ${appId} ${plan!.id} ${merchant}`, rule),
    isOneOfMany: true,
  };
}

function aLimit(name: string, key: string, rule: LimitRule): Limit {
  return { name, key, rule, isOneOfMany: false, place: -1, generation: 0 };
}
