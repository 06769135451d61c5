import type { CallTrace } from '../../../src/core/call-trace.ts';
import { STAGE, STAGES, type Stage } from '../../../src/core/stages.ts';

/** Milliseconds of the stages that a test names; the others did not occur. */
export function stageTimes(times: Partial<Record<Stage, number>>): number[] {
  return STAGES.map(stage => times[stage] ?? 0);
}

export function aCallTrace(changes: Partial<CallTrace> = {}): CallTrace {
  const stageMs = stageTimes({ verify: 1, upstream: 6, respond: 2, total: 10 });
  return {
    ...{ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '1111111111111111' },
    ...{ parentSpanId: undefined, sampledBy: 'head', startMs: 1_700_000_000_000.25, stageMs },
    ...{ requestId: 'request-1', method: 'GET', scheme: 'https', isMessage: false },
    ...{ operationId: 'accounts.get', route: '/accounts/{id}' },
    ...{ appId: 'app-1', partnerId: 'partner-1', upstreamId: 'bank' },
    ...{ upstreamHost: 'bank.example', upstreamPort: 443 },
    ...{ status: 200, problem: undefined, attempts: 1, aborted: false },
    ...{ requestBytes: 0, responseBytes: 12 },
    ...changes,
  };
}

/** Refused before anybody was asked. */
export function aRefusedTrace(changes: Partial<CallTrace> = {}): CallTrace {
  const stageMs = stageTimes({ total: 1 });
  stageMs[STAGE.upstream] = 0;
  return aCallTrace({
    ...{ stageMs, attempts: 0, status: 400, problem: 'malformed-request' },
    ...{ operationId: undefined, route: undefined, upstreamId: undefined },
    ...{ upstreamHost: undefined, upstreamPort: undefined, appId: undefined, partnerId: undefined },
    ...changes,
  });
}
