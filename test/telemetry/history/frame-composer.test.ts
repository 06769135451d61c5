import { describe, expect, it } from 'vitest';
import type { PoolReading } from '../../../src/core/pool-reading.ts';
import { FrameComposer } from '../../../src/telemetry/history/frame-composer.ts';
import { SomeTraffic } from './some-traffic.ts';

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
  const composer = new FrameComposer({ reader, pools, restarts: () => [] });
  let nowMs = 0;
  const frame = () => {
    nowMs += 1_000;
    return composer.compose(traffic.sampler.sample(nowMs));
  };
  return { pools, frame, counters: front.counters };
}

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
