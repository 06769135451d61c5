import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallTrace } from '../../src/core/call-trace.ts';
import { CounterSet } from '../../src/core/counters.ts';
import { TraceOutbox } from '../../src/telemetry/trace-outbox.ts';
import { aCallTrace } from './tracing/a-call-trace.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function anOutbox() {
  const counters = new CounterSet();
  const posted: (readonly CallTrace[])[] = [];
  const outbox = new TraceOutbox({ counters, post: calls => posted.push(calls) });
  const append = (calls: number) => {
    for (let i = 0; i < calls; i += 1) outbox.append(aCallTrace());
  };
  const sizes = () => posted.map(({ length }) => length);
  return { outbox, counters, append, sizes };
}

describe('the front’s side of tracing', () => {
  it('hands calls over when a batch is full or 200 ms have passed', () => {
    const { append, sizes } = anOutbox();
    append(65);
    expect(sizes()).toEqual([64]);
    vi.advanceTimersByTime(200);
    expect(sizes()).toEqual([64, 1]);
    vi.advanceTimersByTime(1_000);
    expect(sizes()).toEqual([64, 1]);
  });

  it('drops and counts what the main thread does not take, until it does', () => {
    const { outbox, counters, append, sizes } = anOutbox();
    append(2_100);
    expect(sizes().reduce((sum, size) => sum + size)).toBe(2_048);
    expect(counters.get('trace_calls_dropped')).toBe(52);
    outbox.taken(64);
    append(65);
    expect(counters.get('trace_calls_dropped')).toBe(53);
    expect(sizes().at(-1)).toBe(64);
  });

  it('hands the rest over when it is closed', () => {
    const { outbox, append, sizes } = anOutbox();
    append(3);
    outbox.close();
    expect(sizes()).toEqual([3]);
  });
});
