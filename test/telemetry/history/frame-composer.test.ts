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

function aComposer() {
  const traffic = new SomeTraffic();
  const pools = new Map<number, PoolReading>();
  const { reader } = traffic;
  const composer = new FrameComposer({ reader, pools, restarts: () => [4] });
  let nowMs = 0;
  const frame = () => {
    nowMs += SECOND;
    return composer.compose(traffic.sampler.sample(nowMs));
  };
  return { pools, reader, frame };
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
