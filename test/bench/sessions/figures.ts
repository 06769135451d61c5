import { createHistogram, percentilesMs } from '../../../bench/rig/latency-histogram.ts';
import type { SessionRound } from '../../../bench/sessions/sessions-result.ts';

/** Figures of quiet rounds; `changes` says what is different in each. */
export function sessionRounds(
  rounds: number,
  changes: Partial<SessionRound> = {},
): readonly SessionRound[] {
  const hiccup = percentilesMs(createHistogram());
  return Array.from({ length: rounds }, (_, index) => ({
    ...{ round: index + 1, requestsPerSecond: 20_000, cpuMicrosPerRequest: 40, coreShare: 0.97 },
    cpuByThread: { process: 40, 'front-0': 39, workers: 0 },
    ...{ upstreamCpuMicrosPerRequest: 12, generatorCpuMicrosPerRequest: 18 },
    ...{ generatorShare: 0.4, othersShare: 0.02 },
    ...{ gatewaySideHiccup: hiccup, generatorHiccup: hiccup },
    ...changes,
  }));
}
