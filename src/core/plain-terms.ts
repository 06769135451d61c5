/** What records carry where nothing beyond the defaults of the registry is agreed. */
import type { OperationRecord, PlanRecord } from './snapshot.ts';
import type { UpstreamResilience } from './upstream-record.ts';

export const PLAIN_OPERATION: Pick<
  OperationRecord,
  'idempotency' | 'payload' | 'limits' | 'appLimits'
> = {
  idempotency: 'none',
  payload: undefined,
  limits: undefined,
  appLimits: undefined,
};

export const PLAIN_RESILIENCE: UpstreamResilience = {
  balancing: 'least-request',
  requestsMax: 100_000,
  slowStartMs: 0,
  health: undefined,
  outlier: undefined,
  breaker: undefined,
  retry: undefined,
  hedging: undefined,
};

export function plainPlan(id: string): PlanRecord {
  return {
    id,
    priority: 'normal',
    dataClassMax: 'sensitive',
    limits: undefined,
    quota: undefined,
    sharedLimits: undefined,
    merchantLimits: undefined,
  };
}
