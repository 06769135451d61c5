/** Rows of time with what is missing between them. */
import type { TrafficFigures } from '../../../../telemetry/live-frame.ts';

/** Rows that are further apart have others between them that nobody knows. */
const GAP_STEPS = 0.8;

interface Rows {
  readonly rows: readonly TrafficFigures[];
  readonly stepMs: number;
}

/**
 * With an empty row where rows are missing, so that no line is drawn over what is not known. Rows
 * of the same span may be of different length: the older they are, the coarser they are kept.
 */
export function withGaps({ rows, stepMs }: Rows) {
  const filled: (TrafficFigures | null)[] = [];
  const timesMs: number[] = [];
  for (const row of rows) {
    const before = timesMs.at(-1);
    if (before !== undefined && row.fromMs - before > stepMs * GAP_STEPS) {
      filled.push(null);
      timesMs.push((before + row.fromMs) / 2);
    }
    filled.push(row);
    timesMs.push(row.toMs);
  }
  return { rows: filled, timesMs };
}
