import {
  type CallTrace,
  hasFailed,
  type SampledBy,
  type TraceRecorder,
} from '../../core/call-trace.ts';
import type { Clock } from '../../core/clock.ts';
import type { TracingConfig } from '../../core/config-tracing.ts';
import type { Exchange } from '../../core/exchange.ts';
import type { HeadSampling } from '../../core/head-sampling.ts';
import { STAGE } from '../../core/stages.ts';

/** In a `traceparent` of version 00 (W3C Trace Context section 3.2.2). */
const TRACE_ID = { from: 3, to: 35 } as const;
const SPAN_ID = { from: 36, to: 52 } as const;
const SPAN_ID_FORM = /^[0-9a-f]{16}$/;

export interface CallTracerOptions {
  readonly sampling: HeadSampling;
  readonly config: Pick<TracingConfig, 'slowMs' | 'failures'>;
  readonly clock: Clock;
  readonly traces: TraceRecorder;
}

/** Chooses among calls that are over those whose spans are exported. */
export class CallTracer {
  private readonly sampling: HeadSampling;
  private readonly clock: Clock;
  private readonly traces: TraceRecorder;
  private readonly slowMs: number;
  private readonly samplesFailures: boolean;

  constructor({ sampling, config, clock, traces }: CallTracerOptions) {
    this.sampling = sampling;
    this.clock = clock;
    this.traces = traces;
    this.slowMs = config.slowMs === 0 ? Number.POSITIVE_INFINITY : config.slowMs;
    this.samplesFailures = config.failures;
  }

  /** After the total of the exchange is known. */
  observe(exchange: Exchange): void {
    const sampledBy = this.sampledBy(exchange);
    if (sampledBy === undefined) return;
    this.traces.append(describe(exchange, sampledBy, this.clock.wallMs()));
  }

  private sampledBy(exchange: Exchange): SampledBy | undefined {
    const { arrival, status, refusal, aborted, stageMs } = exchange;
    if (this.sampling.takes(arrival.traceparent)) return 'head';
    if (this.samplesFailures && hasFailed(status, refusal !== undefined, aborted)) return 'failed';
    return stageMs[STAGE.total]! >= this.slowMs ? 'slow' : undefined;
  }
}

function describe(exchange: Exchange, sampledBy: SampledBy, nowMs: number): CallTrace {
  const { arrival, identity, target, refusal, stageMs } = exchange;
  const { traceparent, requestId, method, scheme, session } = arrival;
  const onlyTarget = target?.upstream.targets.length === 1 ? target.upstream.targets[0] : undefined;
  return {
    traceId: traceparent.slice(TRACE_ID.from, TRACE_ID.to),
    spanId: traceparent.slice(SPAN_ID.from, SPAN_ID.to),
    parentSpanId: parentOf(exchange),
    sampledBy,
    startMs: nowMs - stageMs[STAGE.total]!,
    stageMs: Array.from(stageMs),
    requestId,
    method,
    scheme,
    isMessage: session !== undefined,
    operationId: target?.entry.operation.id,
    route: target?.entry.operation.pathTemplate,
    appId: identity?.entry.app.id,
    partnerId: identity?.entry.partner.id,
    upstreamId: target?.upstream.id,
    upstreamHost: onlyTarget?.host,
    upstreamPort: onlyTarget?.port,
    status: exchange.status,
    problem: refusal?.name,
    attempts: exchange.attempts,
    requestBytes: exchange.bodyBytes,
    responseBytes: exchange.responseBytes,
    aborted: exchange.aborted,
  };
}

/** The caller's span where its `traceparent` was taken over: the trace is the same then. */
function parentOf(exchange: Exchange): string | undefined {
  const { traceparent } = exchange.arrival;
  const offered = exchange.header('traceparent');
  if (offered?.slice(0, TRACE_ID.to) !== traceparent.slice(0, TRACE_ID.to)) return undefined;
  const spanId = offered.slice(SPAN_ID.from, SPAN_ID.to);
  return SPAN_ID_FORM.test(spanId) ? spanId : undefined;
}
