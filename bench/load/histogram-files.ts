/** The latency of a run as HdrHistogram's own tools read it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Histogram, HistogramLogWriter } from 'hdr-histogram-js';
import { createHistogram } from '../rig/latency-histogram.ts';

const TICKS_PER_HALF_DISTANCE = 5;
const MICROS_PER_MS = 1_000;

/** Writes `load.hlog`, an interval a second, and `load.hgrm`, the whole in milliseconds. */
export function writeHistogramFiles(
  folder: string,
  latencyBySecond: readonly Histogram[],
  measuredAt: Date,
): void {
  const whole = createHistogram();
  for (const histogram of latencyBySecond) whole.add(histogram);
  writeFileSync(join(folder, 'load.hlog'), histogramLog(latencyBySecond, measuredAt));
  const text = whole.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, MICROS_PER_MS);
  writeFileSync(join(folder, 'load.hgrm'), text);
}

/** Format 1.3, values in microseconds, Interval_Max in milliseconds. */
function histogramLog(latencyBySecond: readonly Histogram[], measuredAt: Date): string {
  let log = '';
  const writer = new HistogramLogWriter(text => {
    log += text;
  });
  const startedSeconds = measuredAt.getTime() / 1_000;
  writer.outputComment('[Latency from the intended send time, microseconds, by second due]');
  writer.outputLogFormatVersion();
  // The library's outputStartTime adds an empty line, at which some readers stop.
  const date = measuredAt.toISOString();
  writer.outputComment(`[StartTime: ${startedSeconds.toFixed(3)} (seconds since epoch), ${date}]`);
  writer.outputLegend();
  latencyBySecond.forEach((histogram, second) => {
    const from = startedSeconds + second;
    writer.outputIntervalHistogram(histogram, from, from + 1, MICROS_PER_MS);
  });
  return log;
}
