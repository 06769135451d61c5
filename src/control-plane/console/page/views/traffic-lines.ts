/** Rows of traffic as the points of lines. */
import type { TrafficFigures } from '../../../../telemetry/live-frame.ts';
import type { Line } from '../charts/line-chart.tsx';
import type { Traffic } from '../live/use-traffic.ts';
import { withGaps } from '../live/with-gaps.ts';

/** Of problems that have a line of their own; a chart with more cannot be read. */
const PROBLEMS_SHOWN_MAX = 5;

export function perSecond({ fromMs, toMs }: TrafficFigures, count: number): number {
  return toMs > fromMs ? (count * 1_000) / (toMs - fromMs) : 0;
}

/** The most frequent problems, and all others together. */
export function problemLines(traffic: Traffic, others: string) {
  const totals = new Map<string, number>();
  for (const { problems } of traffic.rows) {
    for (const [name, count] of Object.entries(problems)) {
      totals.set(name, (totals.get(name) ?? 0) + count);
    }
  }
  const names = [...totals].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  const shown = names.slice(0, PROBLEMS_SHOWN_MAX);
  const rest = names.slice(PROBLEMS_SHOWN_MAX);
  const { rows, timesMs } = withGaps(traffic);
  const line = (label: string, of: readonly string[]): Line => ({
    label,
    points: rows.map(row => row && perSecond(row, countOf(row, of))),
  });
  const lines = shown.map(name => line(name, [name]));
  return { timesMs, lines: rest.length === 0 ? lines : [...lines, line(others, rest)] };
}

function countOf({ problems }: TrafficFigures, names: readonly string[]): number {
  return names.reduce((total, name) => total + (problems[name] ?? 0), 0);
}
