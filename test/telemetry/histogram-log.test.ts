import fc from 'fast-check';
import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { STAGE, STAGES } from '../../src/core/stages.ts';
import { FrontTelemetry } from '../../src/telemetry/front-telemetry.ts';
import { renderHistogramLog } from '../../src/telemetry/histogram-log.ts';
import { reportHistograms } from '../../src/telemetry/histogram-report.ts';
import { TelemetryReader } from '../../src/telemetry/telemetry-reader.ts';

const STARTED_MS = 1_700_000_000_000;
const NOW_MS = STARTED_MS + 12_500;

function readerOf(totals: readonly number[], operation = 'accounts.list') {
  const front = new FrontTelemetry(8, 8);
  const stageMs = new Float32Array(STAGES.length);
  for (const ms of totals) {
    stageMs[STAGE.total] = ms;
    front.recordStages(stageMs);
    front.recordOperation(operation, ms);
  }
  return new TelemetryReader([['front-0', front.shared]], STARTED_MS);
}

describe('the histogram log', () => {
  it('has its header, a tag for each stage and operation, and no empty line', () => {
    const log = renderHistogramLog(readerOf([1], 'a b,c'), NOW_MS, 'xingyun 1.2.3');
    expect(log.split('\n')[1]).toBe('#[Histogram log format version 1.3]');
    expect(log).toContain('#[StartTime: 1700000000.000 (seconds since epoch)');
    expect(log).not.toContain('\n\n');
    expect(listTags(log)).toEqual([...STAGES, 'operation:a%20b%2Cc']);
  });

  it('gives the library’s reader back every count, the interval and the maximum', () => {
    const totals = fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { maxLength: 100 });
    fc.assert(
      fc.property(totals, values => {
        const reader = readerOf(values);
        const log = renderHistogramLog(reader, NOW_MS, 'xingyun');
        const logReader = new HistogramLogReader(log, 64);
        for (const stage of STAGES) {
          const read = logReader.nextIntervalHistogram()!;
          const written = reader.stage(stage).toHdr();
          expect(read.tag).toBe(stage);
          expect(read.startTimeStampMsec).toBe(STARTED_MS);
          expect(read.endTimeStampMsec).toBe(NOW_MS);
          expect(read.totalCount).toBe(written.totalCount);
          for (const percentile of [50, 90, 99, 99.9, 100]) {
            expect(read.getValueAtPercentile(percentile)).toBe(
              written.getValueAtPercentile(percentile),
            );
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});

describe('the histogram report', () => {
  it('is in milliseconds, with zeroes where nothing was recorded', () => {
    const values = Array.from({ length: 1000 }, (_, i) => i + 1);
    const report = reportHistograms(readerOf(values), NOW_MS, false);
    expect(report).toMatchObject({
      unit: 'ms',
      from: '2023-11-14T22:13:20.000Z',
      to: '2023-11-14T22:13:32.500Z',
    });
    const { total, body } = report.stages;
    expect(total).toMatchObject({ count: 1000, min: 1, mean: 500.5, max: 1000, clamped: 0 });
    expect(total!.p50).toBeCloseTo(500, 0);
    expect(total!.p99 / 990).toBeCloseTo(1, 2);
    expect(total!.p9999).toBe(1000);
    expect(total).not.toHaveProperty('percentiles');
    expect(body).toMatchObject({ count: 0, min: 0, mean: 0, p50: 0, max: 0 });
    expect(report.operations['accounts.list']!.count).toBe(1000);
  });

  it('keeps an operation whatever its name', () => {
    const report = reportHistograms(readerOf([1], '__proto__'), NOW_MS, false);
    expect(Object.keys(report.operations)).toEqual(['__proto__']);
  });

  it('has the distribution up to 100 % on request', () => {
    const { total } = reportHistograms(readerOf([1, 2, 3, 4]), NOW_MS, true).stages;
    const points = total!.percentiles!;
    expect(points[0]).toEqual({ percentile: 0, ms: 1, count: 1 });
    expect(points.at(-1)).toMatchObject({ percentile: 100, count: 4 });
    expect(points.map(({ ms }) => ms)).toEqual(points.map(({ ms }) => ms).sort((a, b) => a - b));
  });
});
