import { describe, expect, it } from 'vitest';
import { LIMITS, type MaxResult, type Probe, type Verdict } from '../../../bench/max/max-result.ts';
import { maxSummary } from '../../../bench/max/max-summary.ts';
import { readEnvironment } from '../../../bench/rig/environment.ts';

function probe(rate: number, verdict: Verdict): Probe {
  return {
    ...{ rate, verdict, seed: 1, achievedRate: rate, p50: 1, p99: 2, p999: 3, errors: {} },
    ...{ missedSends: 0, lagP99: 0, hiccupP99: 0, hiccupMax: 0, generatorCpuShare: 0.1 },
  };
}

const RESULT: MaxResult = {
  ...{ name: 'max', startedAt: '', commit: '', limits: LIMITS, environment: readEnvironment() },
  ...{ connections: 10, scheme: 'none', method: 'GET', bodyBytes: 0, seed: 1, generators: 1 },
  ...{ fronts: 1, workers: 1, lowRate: 100, highRate: 900, resolution: 0.1, repeats: 2 },
  ...{ durationSeconds: 1, warmUpSeconds: 1, passedAll: 500, notPassed: 600 },
  ...{ upperVerdict: 'failed', failuresBelow: 1 },
  probes: [probe(500, 'failed'), probe(500, 'passed'), probe(600, 'failed'), probe(500, 'passed')],
};

describe('what bench:max says at its end', () => {
  it('counts passes and tries at the rate of the answer', () => {
    const text = maxSummary(RESULT);
    expect(text).toContain('500/s kept');
    expect(text).toContain('in 2 runs in a row, 2 of 3 in all (1 earlier runs up to it did not)');
    expect(text).toContain('600/s did not.');
  });

  it('says when no rate kept the limits', () => {
    expect(maxSummary({ ...RESULT, passedAll: 0 })).toContain('no rate from 100/s kept');
  });
});
