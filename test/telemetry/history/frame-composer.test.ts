import { describe, expect, it } from 'vitest';
import type { PoolReading } from '../../../src/core/pool-reading.ts';
import { FrameComposer } from '../../../src/telemetry/history/frame-composer.ts';
import { WorkerVitals } from '../../../src/telemetry/worker-vitals.ts';
import { SomeTraffic } from './some-traffic.ts';

const SECOND = 1_000;
const READING: PoolReading = {
  ...{ workers: 1, queueLength: 0, batches: 0, batchSizes: [0, 0], jobs: 0, waitMs: 0 },
  ...{ serviceMs: 0, lanes: [], kinds: [] },
};

function reading(rsa: number, hmac: number): PoolReading {
  return {
    ...{ workers: 1, queueLength: 0, batches: 0, batchSizes: [], jobs: rsa, waitMs: 0 },
    ...{ serviceMs: 0, lanes: [] },
    kinds: [
      { kind: 'rsa-pss-sha512', micros: 30, runs: 'pool', asked: rsa },
      { kind: 'hmac-sha256', micros: 5, runs: 'inline', asked: hmac },
    ],
  };
}

function aComposer() {
  const traffic = new SomeTraffic();
  const pools = new Map<number, PoolReading>();
  const { reader, front } = traffic;
  const composer = new FrameComposer({ reader, pools, restarts: () => [4] });
  let nowMs = 0;
  const frame = () => {
    nowMs += SECOND;
    return composer.compose(traffic.sampler.sample(nowMs));
  };
  return { pools, reader, frame, counters: front.counters };
}

describe('the pool of a front in a frame', () => {
  const told = (jobs: number, batches: number, waitMs: number): PoolReading => ({
    ...READING,
    ...{ jobs, batches, waitMs, batchSizes: [batches, 0], serviceMs: jobs },
  });

  it('has what was counted since the frame before, once', () => {
    const { pools, frame } = aComposer();
    pools.set(0, told(10, 5, 40));
    expect(frame().pools[0]).toMatchObject({ jobs: 10, batches: 5, meanWait: 4, meanService: 1 });
    pools.set(0, told(30, 8, 80));
    expect(frame().pools[0]).toMatchObject({ jobs: 20, batches: 3, meanWait: 2 });
  });

  it('waits no less long where the front has not told in between', () => {
    const { pools, frame } = aComposer();
    pools.set(0, told(10, 5, 40));
    frame();
    expect(frame().pools[0]).toMatchObject({ jobs: 0, batches: 0, meanWait: 4, meanService: 1 });
    pools.set(0, told(30, 8, 80));
    expect(frame().pools[0]).toMatchObject({ jobs: 20, batches: 3, batchSizes: [3, 0] });
    pools.set(0, told(30, 8, 80));
    expect(frame().pools[0]).toMatchObject({ jobs: 0, meanWait: 0 });
  });

  it('counts from nothing where the front was started again, and never backwards', () => {
    const { pools, frame } = aComposer();
    pools.set(0, told(10, 5, 40));
    frame();
    pools.set(0, told(11, 2, 11));
    expect(frame().pools[0]).toMatchObject({ jobs: 11, batches: 2, meanWait: 1 });
  });
});

describe('a worker in a frame', () => {
  it('has its share of a core, how busy it was, and how often it was replaced', () => {
    const { reader, frame } = aComposer();
    const vitals = new WorkerVitals(1);
    reader.setWorkers(0, vitals.buffers);
    const record = (threadId: number, userMicros: number, nowMs: number) =>
      vitals.record([{ threadId, userMicros, systemMicros: 0, utilization: 0.5 }], nowMs);
    const shown = () => frame().threads.find(({ kind }) => kind === 'worker');
    record(1, 100_000, SECOND);
    expect(shown()).toMatchObject({ cpu: 0, utilization: 0.5, restarts: 0 });
    record(1, 400_000, 2 * SECOND);
    expect(shown()?.cpu).toBeCloseTo(0.3);
    record(2, 200_000, 3 * SECOND);
    expect(shown()).toMatchObject({ restarts: 1, delayMax: null });
  });
});

describe('what a frame has of proofs', () => {
  it('is what came since the frame before, of all fronts', () => {
    const { pools, frame, counters } = aComposer();
    pools.set(0, reading(100, 0)).set(1, reading(50, 7));
    counters.add('tokens_remembered', 20);
    expect(frame().proofs).toEqual({ 'rsa-pss-sha512': 150, 'hmac-sha256': 7, token: 20 });
    pools.set(0, reading(130, 0));
    expect(frame().proofs).toEqual({ 'rsa-pss-sha512': 30 });
    expect(frame().proofs).toEqual({});
  });

  it('is what came since its start of a front that was started again', () => {
    const { pools, frame } = aComposer();
    pools.set(0, reading(100, 5));
    frame();
    pools.set(0, reading(3, 6));
    expect(frame().proofs).toEqual({ 'rsa-pss-sha512': 3, 'hmac-sha256': 1 });
  });

  it('is counted with the calls as well', () => {
    const { frame, counters } = aComposer();
    counters.add('verify_inline', 5);
    counters.add('verify_pooled', 30);
    counters.add('tokens_remembered', 2);
    expect(frame().proven).toBe(37);
    counters.add('verify_pooled', 3);
    expect(frame().proven).toBe(3);
  });
});
