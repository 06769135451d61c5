/** The spans of a call, by the OpenTelemetry semantic conventions for HTTP spans. */
import { type Attributes, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { type CallTrace, hasFailed } from '../../core/call-trace.ts';
import { RandomDigits } from '../../core/random-digits.ts';
import { STAGE, STAGES } from '../../core/stages.ts';
import type { FinishedSpan } from './otlp-sender.ts';

/** What all spans of a process share. */
export interface SpanSource {
  readonly resource: FinishedSpan['resource'];
  readonly instrumentationScope: FinishedSpan['instrumentationScope'];
}

interface SpanParts {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly isParentRemote: boolean;
  readonly fromMs: number;
  readonly toMs: number;
  readonly attributes: Attributes;
  readonly isError: boolean;
}

type HrTime = FinishedSpan['startTime'];

const SPAN_ID_CHARS = 16;
const random = new RandomDigits();
const REFUSED_STATUS = 400;
/** Methods that the conventions know; any other would make names without number. */
const KNOWN_METHODS = new Set([
  ...['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'],
]);
const OTHER_METHOD = '_OTHER';

/** How many spans {@link callSpans} makes of it. */
export function countSpans({ stageMs, attempts }: CallTrace): number {
  let count = 1;
  for (let stage = 0; stage < STAGE.total; stage += 1) if (stageMs[stage]! > 0) count += 1;
  return attempts > 0 && !(stageMs[STAGE.upstream]! > 0) ? count + 1 : count;
}

/** The server span first, then those of its stages in their order. */
export function callSpans(call: CallTrace, source: SpanSource): FinishedSpan[] {
  const toMs = call.startMs + call.stageMs[STAGE.total]!;
  const spans = [finished(serverSpan(call, toMs), call, source)];
  let atMs = call.startMs;
  for (let stage = 0; stage < STAGE.total; stage += 1) {
    const ms = call.stageMs[stage]!;
    const isUpstream = stage === STAGE.upstream;
    if (!(ms > 0) && !(isUpstream && call.attempts > 0)) continue;
    // Stages are known by their lengths: they lie one behind the other, and the answer's last.
    const fromMs = stage === STAGE.respond ? Math.max(call.startMs, toMs - ms) : atMs;
    atMs = Math.min(toMs, fromMs + ms);
    const times = { fromMs, toMs: atMs };
    const parts = isUpstream ? clientSpan(call, times) : stageSpan(call, stage, times);
    spans.push(finished(parts, call, source));
  }
  return spans;
}

function serverSpan(call: CallTrace, toMs: number): SpanParts {
  const method = methodOf(call);
  return {
    name: call.operationId === undefined ? spanMethod(method) : `${method} ${call.operationId}`,
    kind: SpanKind.SERVER,
    spanId: call.spanId,
    parentSpanId: call.parentSpanId,
    isParentRemote: true,
    fromMs: call.startMs,
    toMs,
    attributes: serverAttributes(call, method),
    isError: isFailed(call),
  };
}

function isFailed({ status, problem, aborted }: CallTrace): boolean {
  return hasFailed(status, problem !== undefined, aborted);
}

function serverAttributes(call: CallTrace, method: string): Attributes {
  return {
    'http.request.method': method,
    'url.scheme': call.scheme,
    'http.route': call.route,
    'http.response.status_code': call.status || undefined,
    'http.request.body.size': call.requestBytes,
    'http.response.body.size': call.responseBytes,
    'error.type': isFailed(call) ? (call.problem ?? `${call.status}`) : undefined,
    'xingyun.request.id': call.requestId,
    'xingyun.operation.id': call.operationId,
    'xingyun.app.id': call.appId,
    'xingyun.partner.id': call.partnerId,
    'xingyun.upstream.id': call.upstreamId,
    'xingyun.problem': call.problem,
    'xingyun.attempts': call.attempts,
    'xingyun.sampled_by': call.sampledBy,
    'xingyun.session.message': call.isMessage || undefined,
    'xingyun.aborted': call.aborted || undefined,
  };
}

interface Times {
  readonly fromMs: number;
  readonly toMs: number;
}

function stageSpan(call: CallTrace, stage: number, times: Times): SpanParts {
  return {
    ...times,
    ...childOf(call),
    name: STAGES[stage]!,
    kind: SpanKind.INTERNAL,
    attributes: { 'xingyun.stage': STAGES[stage]! },
    isError: false,
  };
}

/** A problem behind the upstream's attempt is told as its own: what it answered is not kept. */
function clientSpan(call: CallTrace, times: Times): SpanParts {
  const method = methodOf(call);
  const { problem, status, attempts } = call;
  const answered = problem === undefined && status > 0 ? status : undefined;
  const isError = problem !== undefined || status >= REFUSED_STATUS;
  return {
    ...times,
    ...childOf(call),
    name: call.route === undefined ? spanMethod(method) : `${method} ${call.route}`,
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': method,
      'url.template': call.route,
      'server.address': call.upstreamHost,
      'server.port': call.upstreamPort,
      'http.response.status_code': answered,
      'http.request.resend_count': attempts > 1 ? attempts - 1 : undefined,
      'error.type': isError ? (problem ?? `${status}`) : undefined,
      'xingyun.upstream.id': call.upstreamId,
    },
    isError,
  };
}

function childOf({ spanId }: CallTrace) {
  return { spanId: random.next(SPAN_ID_CHARS), parentSpanId: spanId, isParentRemote: false };
}

function methodOf({ method }: CallTrace): string {
  return KNOWN_METHODS.has(method) ? method : OTHER_METHOD;
}

function spanMethod(method: string): string {
  return method === OTHER_METHOD ? 'HTTP' : method;
}

function finished(parts: SpanParts, { traceId }: CallTrace, source: SpanSource): FinishedSpan {
  const { name, kind, spanId, parentSpanId, isParentRemote } = parts;
  const traceFlags = TraceFlags.SAMPLED;
  const code = parts.isError ? SpanStatusCode.ERROR : SpanStatusCode.UNSET;
  return {
    ...{ name, kind, resource: source.resource, attributes: onlyKnown(parts.attributes) },
    instrumentationScope: source.instrumentationScope,
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parentSpanId === undefined
      ? {}
      : {
          parentSpanContext: {
            ...{ traceId, spanId: parentSpanId, traceFlags, isRemote: isParentRemote },
          },
        }),
    startTime: hrTime(parts.fromMs),
    endTime: hrTime(parts.toMs),
    duration: hrTime(parts.toMs - parts.fromMs),
    status: { code },
    ended: true,
    ...{ links: [], events: [] },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

/** An attribute without a value would be exported as one with an empty value. */
function onlyKnown(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** Seconds and nanoseconds; a double of milliseconds since the epoch has a quarter of a µs. */
function hrTime(ms: number): HrTime {
  const micros = Math.round(ms * 1_000);
  const seconds = Math.floor(micros / 1_000_000);
  return [seconds, (micros - seconds * 1_000_000) * 1_000];
}
