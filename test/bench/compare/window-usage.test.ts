import { describe, expect, it } from 'vitest';
import {
  parseCoreTime,
  readUsage,
  type Usage,
  usageFigures,
} from '../../../bench/compare/window-usage.ts';

const STAT = `cpu  300 30 600 8000 80 30 90 10 0 0
cpu0 100 10 200 4000 40 10 30 4 0 0
cpu1 200 20 400 4000 40 20 60 6 0 0
intr 1
`;

function usage(changes: Partial<Usage> = {}): Usage {
  const idle = { busyMicros: 0, stolenMicros: 0 };
  const none = { atMicros: 0, forwarderMicros: 0, upstreamMicros: 0 };
  return { ...none, forwarderCore: idle, loadCore: idle, ...changes };
}

describe('core time', () => {
  it('counts everything but idleness and stolen time as busy', () => {
    expect(parseCoreTime(STAT, 0)).toEqual({ busyMicros: 3_500_000, stolenMicros: 40_000 });
    expect(parseCoreTime(STAT, 1)).toEqual({ busyMicros: 7_000_000, stolenMicros: 60_000 });
  });

  it('is refused for a core that is not there', () => {
    expect(() => parseCoreTime(STAT, 2)).toThrow('no core 2');
  });
});

describe('usage of a window', () => {
  it('is per request, and as shares of the time', () => {
    const after = usage({
      atMicros: 1_000_000,
      forwarderMicros: 900_000,
      upstreamMicros: 200_000,
      forwarderCore: { busyMicros: 950_000, stolenMicros: 20_000 },
      loadCore: { busyMicros: 600_000, stolenMicros: 0 },
    });
    const figures = usageFigures(usage(), after, 10_000);
    expect(figures.cpuMicrosPerRequest).toBe(90);
    expect(figures.upstreamCpuMicrosPerRequest).toBe(20);
    expect(figures.coreShare).toBeCloseTo(0.9);
    expect(figures.foreignShare).toBeCloseTo(0.05);
    expect(figures.loadCoreShare).toBeCloseTo(0.6);
    expect(figures.stolenShare).toBeCloseTo(0.01);
  });

  it('does not count less than nothing as others on the core', () => {
    const after = usage({ atMicros: 1_000_000, forwarderMicros: 500_000 });
    expect(usageFigures(usage(), after, 1).foreignShare).toBe(0);
  });

  it('adds up all processes of a forwarder', () => {
    const one = readUsage([process.pid], process.pid);
    const twice = readUsage([process.pid, process.pid], process.pid);
    expect(one.forwarderMicros).toBeGreaterThan(0);
    expect(twice.forwarderMicros).toBeGreaterThanOrEqual(2 * one.forwarderMicros);
  });
});
