import { describe, expect, it } from 'vitest';
import type { CallTrace } from '../../../src/core/call-trace.ts';
import type { Arrival, Exchange } from '../../../src/core/exchange.ts';
import { HeadSampling } from '../../../src/core/head-sampling.ts';
import { problem } from '../../../src/core/problems.ts';
import { STAGE } from '../../../src/core/stages.ts';
import { CallTracer } from '../../../src/data-plane/record/index.ts';
import { anExchange, anUpstream, identified } from '../../support/exchanges.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const OURS = '1111111111111111';
const CALLERS = 'b7ad6b7169203331';

interface Settings {
  readonly sampleRatio?: number;
  readonly followCaller?: boolean;
  readonly slowMs?: number;
  readonly failures?: boolean;
}

function tracing(settings: Settings = {}) {
  const { sampleRatio = 0, followCaller = false, slowMs = 100, failures = true } = settings;
  const traced: CallTrace[] = [];
  const tracer = new CallTracer({
    sampling: new HeadSampling({ sampleRatio, followCaller }),
    config: { slowMs, failures },
    clock: { wallMs: () => 10_000, monotonicMs: () => 0 },
    traces: { append: call => traced.push(call) },
  });
  return { tracer, traced };
}

function over(changes: { status?: number; totalMs?: number; arrival?: Partial<Arrival> } = {}) {
  const { status = 200, totalMs = 5, arrival = {} } = changes;
  const traceparent = `00-${TRACE}-${OURS}-00`;
  const exchange = identified(anExchange({ traceparent, ...arrival }));
  exchange.status = status;
  exchange.stageMs[STAGE.total] = totalMs;
  return exchange;
}

function reasonOf(settings: Settings, exchange: Exchange): string | undefined {
  const { tracer, traced } = tracing(settings);
  tracer.observe(exchange);
  return traced[0]?.sampledBy;
}

describe('a call is sampled', () => {
  const flagged = { traceparent: `00-${TRACE}-${OURS}-01` };

  it.each([
    ['not at all where nothing speaks for it', {}, over(), undefined],
    ['by its share', { sampleRatio: 1 }, over(), 'head'],
    ['by its caller', { followCaller: true }, over({ arrival: flagged }), 'head'],
    ['not by its caller where it is not followed', {}, over({ arrival: flagged }), undefined],
    ['because it was slow', {}, over({ totalMs: 100 }), 'slow'],
    ['not a little below that', {}, over({ totalMs: 99.5 }), undefined],
    ['not for slowness where that is off', { slowMs: 0 }, over({ totalMs: 9_999 }), undefined],
    ['because it failed', {}, over({ status: 503 }), 'failed'],
    ['not because it was refused', {}, over({ status: 499 }), undefined],
    ['not for failure where that is off', { failures: false }, over({ status: 503 }), undefined],
  ] as const)('%s', (_what, settings, exchange, reason) => {
    expect(reasonOf(settings, exchange)).toBe(reason);
  });
});

describe('a call with a problem that nobody was sent', () => {
  it.each([
    ['its answer was broken off', 200, false, 'failed'],
    ['the caller had left', 200, true, undefined],
    ['it was refused', 403, false, undefined],
  ])('is sampled as %s', (_what, status, aborted, reason) => {
    const exchange = over({ status });
    exchange.refusal = problem('upstream-protocol', 'Broken.');
    exchange.aborted = aborted;
    expect(reasonOf({}, exchange)).toBe(reason);
  });
});

describe('what is told of a sampled call', () => {
  it('continues the trace of the caller with the span that the upstream was sent', () => {
    const { tracer, traced } = tracing({ sampleRatio: 1 });
    const headers = ['traceparent', `00-${TRACE}-${CALLERS}-01`];
    const exchange = over({ arrival: { headers }, totalMs: 40 });
    exchange.stageMs[STAGE.upstream] = 30;
    exchange.attempts = 2;
    exchange.refusal = problem('upstream-timeout', 'Too late.');
    tracer.observe(exchange);
    expect(traced).toMatchObject([
      {
        ...{ traceId: TRACE, spanId: OURS, parentSpanId: CALLERS },
        ...{ startMs: 9_960, method: 'GET', operationId: 'accounts.list', appId: 'app-1' },
        ...{ status: 200, problem: 'upstream-timeout', attempts: 2, upstreamId: 'bank' },
        ...{ upstreamHost: '127.0.0.1', upstreamPort: 1, isMessage: false },
      },
    ]);
    expect(traced[0]!.stageMs[STAGE.upstream]).toBe(30);
  });

  it.each([
    ['no traceparent came', []],
    ['another trace came', ['traceparent', `00-${'a'.repeat(32)}-${CALLERS}-01`]],
    ['its span is no span id', ['traceparent', `00-${TRACE}-${'X'.repeat(16)}-01`]],
  ])('has no parent where %s', (_what, headers) => {
    const { tracer, traced } = tracing({ sampleRatio: 1 });
    tracer.observe(over({ arrival: { headers } }));
    expect(traced[0]!.parentSpanId).toBeUndefined();
  });

  it('holds no path, query, header or body', () => {
    const { tracer, traced } = tracing({ sampleRatio: 1 });
    const headers = ['authorization', 'Bearer secret-1', 'x-any', 'secret-2'];
    const exchange = over({ arrival: { headers, path: '/secret-3', query: '?a=secret-4' } });
    const { operation } = exchange.target!.entry;
    Object.assign(operation, { pathTemplate: '/accounts/{id}' });
    exchange.body = Buffer.from('secret-5');
    tracer.observe(exchange);
    expect(JSON.stringify(traced)).not.toContain('secret');
    expect(traced[0]!.route).toBe('/accounts/{id}');
  });

  it('names no target where it may have been another', () => {
    const { tracer, traced } = tracing({ sampleRatio: 1 });
    const exchange = over();
    const targets = [1, 2].map(port => ({ host: '127.0.0.1', port, weight: 1 }));
    exchange.target = { ...exchange.target!, upstream: anUpstream({ targets }) };
    tracer.observe(exchange);
    expect(traced[0]).toMatchObject({ upstreamId: 'bank', upstreamHost: undefined });
  });
});
