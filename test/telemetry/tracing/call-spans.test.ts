import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallTrace } from '../../../src/core/call-trace.ts';
import { STAGES } from '../../../src/core/stages.ts';
import { callSpans, countSpans } from '../../../src/telemetry/tracing/call-spans.ts';
import { spanSource } from '../../../src/telemetry/tracing/index.ts';
import { aCallTrace, aRefusedTrace, stageTimes } from './a-call-trace.ts';

const source = spanSource('xingyun-gateway', '1.2.3');
const spansOf = (changes: Partial<CallTrace> = {}) => callSpans(aCallTrace(changes), source);
const nanos = ([seconds, rest]: readonly [number, number]) =>
  BigInt(seconds) * 10n ** 9n + BigInt(rest);

describe('the spans of a call', () => {
  it('are a server span with one child for each stage that took time', () => {
    const [server, ...children] = spansOf();
    expect(server).toMatchObject({ name: 'GET accounts.get', kind: SpanKind.SERVER });
    expect(server!.spanContext().spanId).toBe('1111111111111111');
    expect(children.map(({ name, kind }) => [name, kind])).toEqual([
      ['verify', SpanKind.INTERNAL],
      ['GET /accounts/{id}', SpanKind.CLIENT],
      ['respond', SpanKind.INTERNAL],
    ]);
    const ids = new Set(children.map(child => child.spanContext().spanId));
    expect(ids.size).toBe(3);
    for (const child of children) {
      expect(child.parentSpanContext).toMatchObject({ spanId: '1111111111111111' });
      expect(child.spanContext().traceId).toBe(server!.spanContext().traceId);
    }
  });

  it('hang beneath the span of the caller, which is elsewhere', () => {
    expect(spansOf()[0]!.parentSpanContext).toBeUndefined();
    const [server] = spansOf({ parentSpanId: 'b7ad6b7169203331' });
    expect(server!.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true });
  });

  it('lie one behind the other, the answer at the end', () => {
    const [server, verify, upstream, respond] = spansOf();
    const start = nanos(server!.startTime);
    expect(start).toBe(1_700_000_000_000_250_000n);
    const placed = [verify, upstream, respond].map(span => {
      return [nanos(span!.startTime) - start, nanos(span!.endTime) - start];
    });
    expect(placed).toEqual([
      [0n, 1_000_000n],
      [1_000_000n, 7_000_000n],
      [8_000_000n, 10_000_000n],
    ]);
  });

  it('are as many as were counted, and none leaves the time of its call', () => {
    const ms = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 5_000, noNaN: true }));
    const stages = fc.array(ms, { minLength: STAGES.length, maxLength: STAGES.length });
    fc.assert(
      fc.property(stages, fc.integer({ min: 0, max: 3 }), (stageMs, attempts) => {
        const call = aCallTrace({ stageMs, attempts });
        const [server, ...children] = callSpans(call, source);
        expect(countSpans(call)).toBe(children.length + 1);
        for (const { startTime, endTime } of children) {
          expect(nanos(startTime)).toBeGreaterThanOrEqual(nanos(server!.startTime));
          expect(nanos(endTime)).toBeLessThanOrEqual(nanos(server!.endTime));
          expect(nanos(endTime)).toBeGreaterThanOrEqual(nanos(startTime));
        }
      }),
    );
  });
});

describe('the attributes of spans', () => {
  it('are those of the HTTP conventions and our own, none without a value', () => {
    const [server, , client] = spansOf({ attempts: 2 });
    expect(server!.attributes).toEqual({
      'http.request.method': 'GET',
      'url.scheme': 'https',
      'http.route': '/accounts/{id}',
      'http.response.status_code': 200,
      'http.request.body.size': 0,
      'http.response.body.size': 12,
      'xingyun.request.id': 'request-1',
      'xingyun.operation.id': 'accounts.get',
      'xingyun.app.id': 'app-1',
      'xingyun.partner.id': 'partner-1',
      'xingyun.upstream.id': 'bank',
      'xingyun.attempts': 2,
      'xingyun.sampled_by': 'head',
    });
    expect(client!.attributes).toEqual({
      'http.request.method': 'GET',
      'url.template': '/accounts/{id}',
      'server.address': 'bank.example',
      'server.port': 443,
      'http.response.status_code': 200,
      'http.request.resend_count': 1,
      'xingyun.upstream.id': 'bank',
    });
  });

  it.each([
    [{ status: 200 }, SpanStatusCode.UNSET, SpanStatusCode.UNSET, undefined],
    [{ status: 404 }, SpanStatusCode.UNSET, SpanStatusCode.ERROR, '404'],
    [{ status: 500 }, SpanStatusCode.ERROR, SpanStatusCode.ERROR, '500'],
    [
      { status: 504, problem: 'upstream-timeout' },
      ...[SpanStatusCode.ERROR, SpanStatusCode.ERROR, 'upstream-timeout'],
    ],
    [
      { status: 200, problem: 'upstream-timeout' },
      ...[SpanStatusCode.ERROR, SpanStatusCode.ERROR, 'upstream-timeout'],
    ],
  ] as const)('tell errors of %o by the conventions', (changes, server, client, type) => {
    const spans = spansOf(changes);
    expect([spans[0]!.status.code, spans[2]!.status.code]).toEqual([server, client]);
    expect(spans[2]!.attributes['error.type']).toBe(type);
    const answered = 'problem' in changes ? undefined : changes.status;
    expect(spans[2]!.attributes['http.response.status_code']).toBe(answered);
  });

  it('name a call without an operation by its method, and no method that callers invent', () => {
    const [known] = callSpans(aRefusedTrace(), source);
    const [other] = callSpans(aRefusedTrace({ method: 'INVENTED' }), source);
    expect([known!.name, other!.name]).toEqual(['GET', 'HTTP']);
    expect(other!.attributes['http.request.method']).toBe('_OTHER');
    expect(known!.attributes['xingyun.problem']).toBe('malformed-request');
  });

  it('have no client span where the upstream was not asked', () => {
    const stageMs = stageTimes({ verify: 1, total: 2 });
    const kinds = spansOf({ stageMs, attempts: 0 }).map(({ kind }) => kind);
    expect(kinds).toEqual([SpanKind.SERVER, SpanKind.INTERNAL]);
  });

  it('name the process in the resource', () => {
    const { attributes } = spansOf()[0]!.resource;
    expect(attributes).toMatchObject({
      'service.name': 'xingyun-gateway',
      'service.version': '1.2.3',
      'process.pid': process.pid,
    });
  });
});
