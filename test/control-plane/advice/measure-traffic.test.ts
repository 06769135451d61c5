import { describe, expect, it } from 'vitest';
import {
  type AdviceSources,
  measureTraffic,
} from '../../../src/control-plane/advice/measure-traffic.ts';
import { trafficFigures } from '../../../src/telemetry/history/traffic-figures.ts';
import { type TrafficSlice, TrafficSum } from '../../../src/telemetry/history/traffic-slice.ts';
import type { LiveFrame, ThreadFigures } from '../../../src/telemetry/live-frame.ts';
import { SomeTraffic } from '../../telemetry/history/some-traffic.ts';

const START = 1_800_000_000_000;
const SHAPE = { fronts: 2, workers: 1, cores: 4 };

const thread = (name: string, kind: ThreadFigures['kind'], cpu: number): ThreadFigures => ({
  ...{ name, kind, cpu, utilization: null, delayP99: null, delayMax: null },
  ...{ heapUsedBytes: null, restarts: 0, sampledAtMs: START },
});

/** Seconds of which each has so many calls, that take 8 ms but one in fifty. */
function passed(seconds: number, calls: number, proofs: Record<string, number>, proven: number) {
  const traffic = new SomeTraffic(START);
  const slices: TrafficSlice[] = [];
  const frames: LiveFrame[] = [];
  for (let second = 1; second <= seconds; second += 1) {
    traffic.record(Array.from({ length: calls }, (_, i) => (i % 50 === 0 ? 80 : 8)));
    const slice = traffic.sampler.sample(START + second * 1_000);
    const sum = new TrafficSum();
    sum.add(slice);
    slices.push(slice);
    frames.push({
      ...{ kind: 'frame', curve: [], pools: [], proofs, proven, rssBytes: 0 },
      ...{ exchangesInFlight: 0, connections: 0, sessions: 0 },
      traffic: trafficFigures(sum, slice.fromMs, slice.toMs),
      threads: [
        ...[thread('main', 'main', 0.9), thread('front-0', 'front', 0.03)],
        ...[thread('front-1', 'front', 0.01), thread('front-0-worker-0', 'worker', 0.02)],
        thread('front-1-worker-0', 'worker', 0),
      ],
    });
  }
  const sources: AdviceSources = {
    ...{ frames: () => frames, shape: () => SHAPE, checkMicros: () => ({ ed25519: 100 }) },
    slices: spanMs => slices.slice(-Math.round(spanMs / 1_000)),
  };
  return measureTraffic(sources);
}

describe('the traffic that is measured', () => {
  it('is that of the last 30 s: rate, CPU per call, percentiles', () => {
    const measured = passed(40, 100, { 'rsa-pss-sha512': 100 }, 100);
    expect(measured).toMatchObject({
      ...{ state: 'measured', seconds: 30, calls: 3_000, rate: 100, shape: SHAPE },
      checkMicros: { ed25519: 100 },
    });
    expect(measured.frontMicros).toBeCloseTo(400, 6);
    expect(measured.workerMicros).toBeCloseTo(200, 6);
    expect(measured.frontUtilization).toBeCloseTo(0.02, 9);
    expect(measured.workerUtilization).toBeCloseTo(0.01, 9);
    expect(measured.p99Ms).toBeCloseTo(80, 0);
    expect(measured.upstreamP99Ms).toBeCloseTo(40, 0);
  });

  it('has the mix of what came, and the rest is calls that prove nothing', () => {
    const proofs = { 'rsa-pss-sha512': 30, 'rsa-v1_5-sha256': 10, ed25519: 20, token: 20 };
    const { mix } = passed(30, 100, proofs, 80);
    expect(Object.keys(mix!)).toEqual(['rsa', 'ed25519', 'token', 'none']);
    expect(mix!.rsa).toBeCloseTo(0.4, 9);
    expect(mix!.none).toBeCloseTo(0.2, 9);
  });

  it('is not moved by what fronts tell a second later, or by two proofs of a call', () => {
    expect(passed(30, 100, { ed25519: 93 }, 100).mix).toEqual({ ed25519: 1 });
    expect(passed(30, 100, { ed25519: 100, token: 100 }, 200).mix).toEqual({
      ...{ ed25519: 0.5, token: 0.5 },
    });
    expect(passed(30, 100, {}, 0).mix).toEqual({ none: 1 });
  });

  it('is nothing to reckon with where calls are too few, and says so', () => {
    const measured = passed(30, 10, { ed25519: 10 }, 10);
    expect(measured).toMatchObject({ state: 'too-few-calls', calls: 300, rate: 10, mix: null });
    expect(measured.frontMicros).toBeNull();
    expect(passed(0, 0, {}, 0)).toMatchObject({ state: 'too-few-calls', rate: 0, seconds: 0 });
  });
});
