import { describe, expect, it } from 'vitest';
import { readThreadVitals } from '../../src/telemetry/thread-vitals.ts';
import { WorkerVitals } from '../../src/telemetry/worker-vitals.ts';

const reading = (threadId: number, userMicros: number, systemMicros = 0) => ({
  threadId,
  userMicros,
  systemMicros,
  utilization: userMicros / 10_000_000,
});

function seconds(vitals: WorkerVitals) {
  return vitals.buffers.map(buffer => readThreadVitals(buffer).cpuUserSeconds);
}

describe('the CPU time of workers', () => {
  it('is kept for each, and what nobody measures is not a number', () => {
    const vitals = new WorkerVitals(2);
    vitals.record([reading(7, 1_500_000, 250_000), reading(9, 500_000)], 1_000);
    expect(seconds(vitals)).toEqual([1.5, 0.5]);
    expect(readThreadVitals(vitals.buffers[0]!)).toMatchObject({
      sampledAtMs: 1_000,
      cpuSystemSeconds: 0.25,
      eventLoopUtilization: 0.15,
      heapUsedBytes: Number.NaN,
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
