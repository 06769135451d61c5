import { type Histogram, HistogramLogWriter } from 'hdr-histogram-js';
import { STAGES } from '../core/stages.ts';
import type { MergedHistogram } from './merged-histogram.ts';
import type { TelemetryReader } from './telemetry-reader.ts';

/** Microseconds in the histograms, milliseconds in the Interval_Max column. */
const MAX_VALUE_UNIT_RATIO = 1000;

/**
 * An HdrHistogram log, format 1.3 with V2 compressed histograms, in microseconds: one interval from
 * the start until now for each stage (`Tag=total`) and each operation (`Tag=operation:<id>`).
 */
export function renderHistogramLog(reader: TelemetryReader, nowMs: number, title: string): string {
  let log = '';
  const writer = new HistogramLogWriter(content => {
    log += content;
  });
  const startedSeconds = reader.startedAtMs / 1000;
  writer.outputComment(`[Logged by ${title}; values in microseconds, Interval_Max in ms]`);
  writer.outputLogFormatVersion();
  // The library's outputStartTime adds an empty line, at which some readers stop.
  const startDate = new Date(reader.startedAtMs).toISOString();
  writer.outputComment(
    `[StartTime: ${startedSeconds.toFixed(3)} (seconds since epoch), ${startDate}]`,
  );
  writer.outputLegend();
  const output = (tag: string, histogram: MergedHistogram) => {
    const hdr: Histogram = histogram.toHdr();
    hdr.tag = tag;
    writer.outputIntervalHistogram(hdr, startedSeconds, nowMs / 1000, MAX_VALUE_UNIT_RATIO);
  };
  for (const stage of STAGES) output(stage, reader.stage(stage));
  for (const [id, histogram] of reader.operations()) output(operationTag(id), histogram);
  return log;
}

/** A tag ends at a comma or white space: whatever is unsafe in it is percent-encoded. */
function operationTag(id: string): string {
  return `operation:${encodeURIComponent(id)}`;
}
