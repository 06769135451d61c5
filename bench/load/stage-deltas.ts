/** What the gateway's own stage histograms gained between two readings of /histograms.hlog. */
import { type Histogram, HistogramLogReader } from 'hdr-histogram-js';
import { STAGES } from '../../src/core/stages.ts';
import { percentilesMs } from '../rig/latency-histogram.ts';
import type { LoadResult } from './load-result.ts';

/** Stages through which nothing went are left out. */
export function stageDeltas(logBefore: string, logAfter: string): LoadResult['stages'] {
  const before = readStages(logBefore);
  const gained = readStages(logAfter);
  for (const [stage, histogram] of gained) {
    const earlier = before.get(stage);
    if (earlier !== undefined) histogram.subtract(earlier);
    if (histogram.totalCount === 0) gained.delete(stage);
  }
  const calls = gained.get('total')?.totalCount ?? 0;
  const stages = [...gained].map(([stage, histogram]) => {
    // A stage's histogram holds those that spent time in it; over all calls the means add up.
    const meanMicros = (histogram.mean * histogram.totalCount) / calls;
    return [stage, { ...percentilesMs(histogram), meanMs: Math.round(meanMicros) / 1_000 }];
  });
  return Object.fromEntries(stages);
}

function readStages(log: string): Map<string, Histogram> {
  const found = new Map<string, Histogram>();
  const reader = new HistogramLogReader(log);
  for (;;) {
    const histogram = reader.nextIntervalHistogram();
    if (histogram === null) return found;
    if ((STAGES as readonly string[]).includes(histogram.tag)) found.set(histogram.tag, histogram);
  }
}
