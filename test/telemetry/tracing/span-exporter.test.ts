import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import { SpanExporter, spanSource } from '../../../src/telemetry/tracing/index.ts';
import { aCallTrace, aRefusedTrace } from './a-call-trace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const source = spanSource('xingyun-gateway', '1.2.3');
const calls = (count: number) => Array.from({ length: count }, () => aRefusedTrace());

function exporting(send: () => Promise<void>, bufferMaxSpans = 2_048) {
  const counters = new CounterSet();
  const batches: number[] = [];
  const failures: string[] = [];
  const exporter = new SpanExporter({
    sender: {
      send: spans => {
        batches.push(spans.length);
        return send();
      },
      close: async () => undefined,
    },
    ...{ source, bufferMaxSpans, exportTimeoutMs: 1_000, counters },
    reportFailure: reason => failures.push(reason),
  });
  const figures = () => ({
    exported: counters.get('trace_spans_exported'),
    dropped: counters.get('trace_spans_dropped'),
    failed: counters.get('trace_exports_failed'),
    buffered: counters.get('trace_spans_buffered'),
  });
  return { exporter, batches, failures, figures };
}

const taken = () => Promise.resolve();
const never = () => new Promise<void>(() => undefined);

describe('the exporter', () => {
  it('sends what came within a second as one batch', async () => {
    const { exporter, batches, figures } = exporting(taken);
    exporter.take([aCallTrace()]);
    exporter.take([aCallTrace()]);
    expect(figures().buffered).toBe(8);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(batches).toEqual([8]);
    expect(figures()).toEqual({ exported: 8, dropped: 0, failed: 0, buffered: 0 });
  });

  it('sends a full batch at once, and the next behind it', async () => {
    const { exporter, batches } = exporting(taken);
    exporter.take(calls(1_100));
    expect(batches).toEqual([512]);
    await vi.advanceTimersByTimeAsync(0);
    expect(batches).toEqual([512, 512]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(batches).toEqual([512, 512, 76]);
  });

  it('drops and counts what does not fit while a collector is slow', async () => {
    const { exporter, batches, figures } = exporting(never, 600);
    exporter.take(calls(700));
    exporter.take(calls(50));
    expect(batches).toEqual([512]);
    expect(figures()).toEqual({ exported: 0, dropped: 150, failed: 0, buffered: 600 });
  });

  it('gives a batch up that a collector keeps for too long', async () => {
    const { exporter, failures, figures } = exporting(never);
    exporter.take(calls(512));
    await vi.advanceTimersByTimeAsync(1_500);
    expect(failures).toEqual(['timeout']);
    expect(figures()).toEqual({ exported: 0, dropped: 512, failed: 1, buffered: 0 });
  });

  it('tells of a failure its code and no word more, and waits before the next batch', async () => {
    const secret = Object.assign(new Error('token abc is wrong'), { code: 401 });
    const { exporter, batches, failures } = exporting(() => Promise.reject(secret));
    exporter.take(calls(1_100));
    await vi.advanceTimersByTimeAsync(999);
    expect(batches).toEqual([512]);
    await vi.advanceTimersByTimeAsync(1);
    expect(batches).toEqual([512, 512]);
    expect(failures).toEqual(['401', '401']);
  });
});

describe('stopping', () => {
  it('sends what waits', async () => {
    const { exporter, batches, figures } = exporting(taken);
    exporter.take(calls(600));
    await exporter.close();
    expect(batches).toEqual([512, 88]);
    expect(figures()).toEqual({ exported: 600, dropped: 0, failed: 0, buffered: 0 });
  });

  it('waits for an absent collector no longer than its limit, and takes nothing more', async () => {
    const { exporter, figures } = exporting(never, 4_096);
    exporter.take(calls(4_000));
    let isClosed = false;
    void exporter.close().then(() => {
      isClosed = true;
    });
    await vi.advanceTimersByTimeAsync(2_999);
    expect(isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isClosed).toBe(true);
    const { dropped } = figures();
    exporter.take(calls(5));
    expect(figures().dropped).toBe(dropped + 5);
  });
});
