import { build, HistogramLogWriter } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { stageDeltas } from '../../../bench/load/stage-deltas.ts';

/** A log as /histograms.hlog has it: microseconds by stage. */
function logOf(stages: Readonly<Record<string, readonly number[]>>): string {
  let text = '';
  const writer = new HistogramLogWriter(line => {
    text += line;
  });
  writer.outputLogFormatVersion();
  for (const [stage, values] of Object.entries(stages)) {
    const histogram = build({ bitBucketSize: 64, numberOfSignificantValueDigits: 3 });
    for (const value of values) histogram.recordValue(value);
    histogram.tag = stage;
    histogram.startTimeStampMsec = 0;
    histogram.endTimeStampMsec = 1_000;
    writer.outputIntervalHistogram(histogram);
  }
  return text;
}

describe('the stages of a run', () => {
  const before = logOf({ total: [9_000], upstream_wait: [8_000], body: [] });
  const after = logOf({
    total: [9_000, 1_000, 1_000, 1_000, 5_000],
    upstream_wait: [8_000, 4_000],
    verify: [1_000, 1_000, 1_000, 1_000],
    body: [],
  });

  it('are what was gained between the two readings', () => {
    const stages = stageDeltas(before, after);
    expect(Object.keys(stages).sort()).toEqual(['total', 'upstream_wait', 'verify']);
    expect(stages.total!.p50).toBeCloseTo(1, 2);
    expect(stages.total!.meanMs).toBeCloseTo(2, 2);
    expect(stages.total!.max).toBeCloseTo(5, 1);
  });

  it('have means over all calls, which add up, and percentiles of those that were in them', () => {
    const { total, upstream_wait: wait, verify } = stageDeltas(before, after);
    expect(wait!.p50).toBeCloseTo(4, 1);
    expect(wait!.meanMs).toBeCloseTo(1, 1);
    expect(wait!.meanMs + verify!.meanMs).toBeCloseTo(total!.meanMs, 1);
  });
});
