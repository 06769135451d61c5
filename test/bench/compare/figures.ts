import type { CaseSummary, RoundFigures } from '../../../bench/compare/compare-result.ts';

/** Figures of a quiet round; `changes` says what is different. */
export function roundFigures(round: number, changes: Partial<RoundFigures> = {}): RoundFigures {
  return {
    round,
    requestsPerSecond: 10_000,
    cpuMicrosPerRequest: 100,
    p99Ms: 10,
    requests: 50_000,
    seconds: 5,
    p50Ms: 5,
    maxMs: 20,
    upstreamCpuMicrosPerRequest: 8,
    coreShare: 0.99,
    foreignShare: 0.01,
    loadCoreShare: 0.5,
    stolenShare: 0,
    loadAverage: 1,
    forwarderHiccup: { p50: 0.1, p90: 0.1, p99: 0.2, p999: 0.5, p9999: 1, max: 1 },
    hiccup: { p50: 0.1, p90: 0.1, p99: 0.2, p999: 0.5, p9999: 1, max: 1 },
    ...changes,
  };
}

export function caseSummary(name: string, rounds: readonly RoundFigures[]): CaseSummary {
  return { name, rounds, spread: {}, voidRounds: [] };
}
