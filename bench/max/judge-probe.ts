import type { LoadResult } from '../load/load-result.ts';
import { LIMITS, type Probe, type Verdict } from './max-result.ts';

type Judged = Pick<LoadResult, 'p99' | 'p999' | 'errors' | 'missedSends' | 'generator'>;

export function judgeProbe({ p99, p999, errors, missedSends, generator }: Judged): Verdict {
  const errorFree = Object.keys(errors).length === 0 && missedSends === 0;
  if (errorFree && p99 < LIMITS.p99Ms && p999 < LIMITS.p999Ms) return 'passed';
  return generator.limited.length > 0 ? 'undecided' : 'failed';
}

/** What the search keeps of a run. */
export function probeOf(result: LoadResult): Probe {
  const { rate, seed, achievedRate, p50, p99, p999, errors, missedSends, generator } = result;
  return {
    ...{ rate, seed, verdict: judgeProbe(result), achievedRate, p50, p99, p999, errors },
    missedSends,
    lagP99: generator.lag.p99,
    hiccupP99: result.hiccup.gatewaySide.p99,
    hiccupMax: result.hiccup.gatewaySide.max,
    generatorCpuShare: generator.cpuShareMax,
  };
}
