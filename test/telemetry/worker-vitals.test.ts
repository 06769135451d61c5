import { describe, expect, it } from 'vitest';
import { readThreadVitals } from '../../src/telemetry/thread-vitals.ts';
import { WorkerVitals } from '../../src/telemetry/worker-vitals.ts';

const reading = (threadId: number, userMicros: number, systemMicros = 0, utilization = 0) => ({
  ...{ threadId, userMicros, systemMicros, utilization },
});

function seconds(vitals: WorkerVitals) {
  return vitals.buffers.map(buffer => readThreadVitals(buffer).cpuUserSeconds);
}

describe('the CPU time of workers', () => {
  it('is kept for each, and what nobody measures is not a number', () => {
    const vitals = new WorkerVitals(2);
    vitals.record([reading(7, 1_500_000, 250_000, 0.75), reading(9, 500_000)], 1_000);
    expect(seconds(vitals)).toEqual([1.5, 0.5]);
    expect(readThreadVitals(vitals.buffers[0]!)).toMatchObject({
      sampledAtMs: 1_000,
      cpuSystemSeconds: 0.25,
      eventLoopUtilization: 0.75,
      eventLoopDelayMaxSeconds: Number.NaN,
      heapUsedBytes: Number.NaN,
    });
  });

  it('has beside it what a worker told of its loop and heap', () => {
    const vitals = new WorkerVitals(1);
    const delays = { p50Seconds: 0.001, p99Seconds: 0.002, maxSeconds: 0.003 };
    const heap = { heapUsedBytes: 10, heapTotalBytes: 20, externalBytes: 5 };
    vitals.record([{ ...reading(7, 1), loop: { ...delays, ...heap } }], 1);
    expect(readThreadVitals(vitals.buffers[0]!)).toMatchObject({
      ...{ eventLoopDelayP50Seconds: 0.001, eventLoopDelayP99Seconds: 0.002 },
      ...{ eventLoopDelayMaxSeconds: 0.003, ...heap },
    });
  });

  it('goes on where a thread replaces another', () => {
    const vitals = new WorkerVitals(2);
    vitals.record([reading(7, 4_000_000), reading(9, 500_000)], 1);
    vitals.record([reading(9, 600_000), reading(11, 10_000)], 2);
    expect(seconds(vitals)).toEqual([4.01, 0.6]);
    vitals.record([reading(11, 20_000)], 3);
    expect(seconds(vitals)).toEqual([4.02, 0.6]);
    vitals.record([reading(12, 5_000), reading(11, 30_000)], 4);
    expect(seconds(vitals)).toEqual([4.03, 0.605]);
  });

  it('is counted once where a thread lives on in the place of another', () => {
    const vitals = new WorkerVitals(2);
    vitals.record([reading(1, 10_000_000), reading(2, 20_000_000)], 1);
    vitals.resize(1);
    // Both are there for a moment, and the one with the place is ended.
    vitals.record([reading(1, 10_100_000), reading(2, 20_100_000)], 2);
    vitals.record([reading(2, 20_300_000)], 3);
    expect(seconds(vitals)).toEqual([10.4]);
    vitals.record([reading(2, 20_500_000)], 4);
    expect(seconds(vitals)).toEqual([10.6]);
    vitals.resize(2);
    vitals.record([reading(2, 20_500_000), reading(3, 100_000)], 5);
    expect(seconds(vitals)).toEqual([10.6, 20.1]);
  });

  it('tells how often a lost thread was replaced, and not how often there were others', () => {
    const vitals = new WorkerVitals(2);
    const restarts = () => vitals.buffers.map(buffer => readThreadVitals(buffer).restarts);
    vitals.record([reading(1, 1), reading(2, 1)], 1);
    vitals.record([reading(2, 2)], 2);
    expect(restarts()).toEqual([0, 0]);
    vitals.record([reading(2, 3), reading(3, 1)], 3);
    expect(restarts()).toEqual([1, 0]);
    vitals.resize(1);
    vitals.record([reading(2, 4)], 4);
    vitals.resize(2);
    vitals.record([reading(2, 5), reading(4, 1)], 5);
    expect(restarts()).toEqual([1, 0]);
  });

  it('has no place for a thread too many', () => {
    const vitals = new WorkerVitals(1);
    vitals.record([reading(1, 1_000_000), reading(2, 9_000_000)], 1);
    expect(seconds(vitals)).toEqual([1]);
  });

  it('was sampled never before the first reading', () => {
    expect(readThreadVitals(new WorkerVitals(1).buffers[0]!)).toMatchObject({
      sampledAtMs: 0,
      cpuUserSeconds: 0,
      heapUsedBytes: Number.NaN,
    });
  });
});
