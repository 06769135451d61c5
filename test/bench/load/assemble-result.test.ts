import { availableParallelism } from 'node:os';
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { assembleResult, type RunFindings } from '../../../bench/load/assemble-result.ts';
import { type Reading, usageOf } from '../../../bench/load/gateway-watch.ts';
import type { GeneratorOutcome } from '../../../bench/load/generator-messages.ts';
import type { LoadOptions } from '../../../bench/load/load-result.ts';
import { mergeOutcomes } from '../../../bench/load/merge-outcomes.ts';
import { refusalOf } from '../../../bench/load/refusal.ts';
import { readEnvironment } from '../../../bench/rig/environment.ts';
import { createHistogram } from '../../../bench/rig/latency-histogram.ts';

const OPTIONS: LoadOptions = {
  ...{ connections: 10, rate: 3, durationSeconds: 2, warmUpSeconds: 0, scheme: 'none' },
  ...{ method: 'GET', bodyBytes: 0, seed: 1, generators: 1, fronts: 1, workers: 1 },
};

function reading(atMs: number, cpu: number, rssMb = 100): Reading {
  const threads = new Map([
    ['main', cpu / 10],
    ['front-0', cpu / 2],
  ]);
  return { atMs, threads, processMicros: cpu, upstreamMicros: cpu / 4, busyMicros: 3 * cpu, rssMb };
}

/** One generator: six requests due in two seconds, five answered. */
function outcome(lagMicros: number): GeneratorOutcome {
  return {
    ...{ requests: 6, answered: 5, errors: { reset: 1 }, missedSends: 0, noIdleConnection: 0 },
    ...{ connectionsLost: { 'idle-close': 1 }, openConnections: [10, 9] },
    samples: {
      latencyMicros: Uint32Array.of(1_000, 1_000, 1_000, 1_000, 9_000),
      sinceSentMicros: Uint32Array.of(1_000, 1_000, 1_000, 1_000, 3_000),
      dueMicros: Uint32Array.of(0, 500_000, 900_000, 1_000_000, 1_500_000),
    },
    lagMicros: new Uint32Array(6).fill(lagMicros),
    ...{ due: [3, 3], answers: [3, 1], failures: [1, 1] },
    ...{ cpuMicros: 400, cpuShare: 0.25, hiccup: encodeIntoCompressedBase64(createHistogram()) },
  };
}

function findings(lagMicros: number, readings: readonly Reading[]): RunFindings {
  const outcomes = [outcome(lagMicros)];
  return {
    startedAt: new Date(0),
    environment: readEnvironment(),
    ...{ commit: 'abc', configuration: { 'telemetry.accessLog': false }, stages: {} },
    merged: mergeOutcomes(outcomes, 2),
    samples: outcomes.map(({ samples }) => samples),
    usage: usageOf(readings, 5_000),
    gatewaySideHiccup: createHistogram(),
  };
}

const ON_TIME = [reading(5_000, 1_000), reading(6_000, 2_000, 130), reading(7_000, 5_000, 120)];

describe('the usage of the measured time', () => {
  it('is the difference of the last and the first reading, and of each from the one before', () => {
    expect(usageOf(ON_TIME, 5_000)).toEqual({
      cpuMicros: new Map([
        ['process', 4_000],
        ['front-0', 2_000],
        ['main', 400],
      ]),
      ...{ upstreamCpuMicros: 1_000, firstReadingLateMs: 0, rssMb: [130, 120] },
      ...{ busyMicros: 12_000, machineMicros: 2_000_000 * availableParallelism() },
      cpuByThread: { 'front-0': [0.001, 0.002], main: [0, 0] },
    });
  });

  it('is scaled to it where readings came late', () => {
    // 1.6 s instead of 2 between the first and the last.
    const usage = usageOf(
      [reading(5_500, 1_000), reading(6_000, 2_000), reading(7_100, 5_000)],
      5_000,
    );
    expect(usage.cpuMicros.get('process')).toBeCloseTo(5_000);
    expect(usage.upstreamCpuMicros).toBeCloseTo(1_250);
    expect(usage.firstReadingLateMs).toBe(500);
  });

  it('takes nothing off for a thread that was replaced', () => {
    expect(usageOf([reading(5_000, 9_000), reading(6_000, 100)], 5_000).cpuMicros.get('main')).toBe(
      0,
    );
  });
});

describe('a result', () => {
  it('divides by the answers that came in time', () => {
    const result = assembleResult(OPTIONS, findings(100, ON_TIME));
    expect(result).toMatchObject({
      ...{ requests: 6, answered: 5, achievedRate: 2, rssMb: 130, p50: 1, max: 9 },
      errors: { reset: 1, 'connection-lost': 1 },
      ...{ connectionsLost: { 'idle-close': 1 }, connectionsOpenMin: 9 },
      cpuMicrosPerRequest: { process: 1_000, 'front-0': 500, main: 100 },
      upstreamCpuMicrosPerRequest: 250,
      // 12 ms were busy, of which 4 + 1 + 0.4 are known: of 2 s that each core had.
      othersShare: Math.round(6.6 / 2 / availableParallelism()) / 1_000,
      configuration: { 'telemetry.accessLog': false },
      timeline: { openConnections: [10, 9], p99: [1, 9] },
    });
    expect(result.fromActualSend.max).toBe(3);
    expect(result.closedLoop).toMatchObject({ clients: 10, requests: 5, max: 9 });
    expect(result.generator).toMatchObject({ cpuMicrosPerRequest: 100, cpuShareMax: 0.25 });
    expect(refusalOf(result)).toBeUndefined();
  });

  it('is refused where the generator was late', () => {
    const result = assembleResult(OPTIONS, findings(30_000, ON_TIME));
    expect(refusalOf(result)).toMatch(/^refused: .*30\.0 ms late.*Nothing is recorded\.$/);
  });

  it('is refused where the CPU was first read too late', () => {
    const late = [reading(5_060, 1_000), reading(6_000, 2_000), reading(7_000, 5_000)];
    const result = assembleResult(OPTIONS, findings(100, late));
    expect(refusalOf(result)).toContain('first read 60 ms late');
  });
});
