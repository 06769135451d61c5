import { describe, expect, it } from 'vitest';
import { closedLoopLatency } from '../../../bench/load/closed-loop.ts';
import type { LoadSamples } from '../../../bench/load/samples.ts';
import { createHistogram, percentilesMs } from '../../../bench/rig/latency-histogram.ts';

const STALL_FROM_MICROS = 5_000_000;
const STALL_TO_MICROS = 6_000_000;

/** Requests due once a millisecond for ten seconds; what is due in the stall waits for its end. */
function stalledSamples(): LoadSamples {
  const dueMicros = Uint32Array.from({ length: 10_000 }, (_, i) => i * 1_000);
  const latencyMicros = dueMicros.map(due =>
    due >= STALL_FROM_MICROS && due < STALL_TO_MICROS ? STALL_TO_MICROS - due : 500,
  );
  return { dueMicros, latencyMicros, sinceSentMicros: latencyMicros };
}

/** Every second sample, last due first: two generators whose answers came in another order. */
function halves({ dueMicros, latencyMicros }: LoadSamples): LoadSamples[] {
  return [0, 1].map(half => {
    const mine = (values: Uint32Array) => values.filter((_, i) => i % 2 === half).reverse();
    const latency = mine(latencyMicros);
    return { dueMicros: mine(dueMicros), latencyMicros: latency, sinceSentMicros: latency };
  });
}

describe('a closed loop over the samples of an open one', () => {
  it('hides a stall of a second that the open loop shows at p99', () => {
    const samples = stalledSamples();
    const open = createHistogram();
    for (const micros of samples.latencyMicros) open.recordValue(micros);
    expect(percentilesMs(open).p99).toBeGreaterThan(850);
    const closed = closedLoopLatency([samples], 64);
    // 64 of the thousand that were due in the stall: the others would not have been sent.
    expect(closed.totalCount).toBe(10_000 - 1_000 + 64);
    expect(percentilesMs(closed)).toMatchObject({ p50: 0.5, p99: 0.5 });
    expect(percentilesMs(closed).max).toBeCloseTo(1_000, 0);
  });

  it('takes the samples in the order in which they were due, whoever kept them', () => {
    const whole = closedLoopLatency([stalledSamples()], 8);
    const split = closedLoopLatency(halves(stalledSamples()), 8);
    expect(split.totalCount).toBe(whole.totalCount);
    expect(percentilesMs(split)).toEqual(percentilesMs(whole));
  });

  it('leaves nothing out while a client is free', () => {
    const dueMicros = Uint32Array.of(0, 1_000, 2_000);
    const latencyMicros = Uint32Array.of(1_000, 5_000, 1_000);
    const samples = { dueMicros, latencyMicros, sinceSentMicros: latencyMicros };
    expect(closedLoopLatency([samples], 2).totalCount).toBe(3);
    expect(closedLoopLatency([samples], 1).totalCount).toBe(2);
    expect(closedLoopLatency([], 1).totalCount).toBe(0);
  });
});
