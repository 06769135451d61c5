import { linearAxis, secondsAxis } from '../drawing/axis.ts';
import { formatNumber, formatTick } from '../drawing/format.ts';
import type { Markup } from '../drawing/html.ts';
import type { LegendEntry } from '../drawing/legend.ts';
import { lineChart, type Point } from '../drawing/line-chart.ts';
import type { Strip } from '../drawing/strips.ts';

/** A figure for each second of a run. */
export interface TimeSeries extends LegendEntry {
  /** Its column in the table. */
  readonly column: string;
  readonly perSecond: readonly number[];
}

export interface TimeChart {
  /** Unique in the page. */
  readonly id: string;
  readonly title: string;
  readonly yLabel: string;
  readonly series: readonly TimeSeries[];
  /** For figures; whole numbers and three digits by default. */
  readonly format?: (value: number) => string;
  /** For the labels of the axis. */
  readonly formatAxis?: (value: number) => string;
  /** Least distance of two ticks: 1 for what comes in wholes. */
  readonly stepMin?: number;
  /** What has to fit on the y axis beside the series, so that charts can share a scale. */
  readonly alsoOnScale?: readonly number[];
}

/** Lines over the seconds of the longest run, the figures of each second at the pointer. */
export function timeChart(chart: TimeChart): Markup {
  const { id, title, yLabel, series, format = formatNumber, formatAxis = formatTick } = chart;
  const { stepMin = 0, alsoOnScale = [] } = chart;
  const seconds = series.reduce((most, { perSecond }) => Math.max(most, perSecond.length), 0);
  const values = [...alsoOnScale, ...series.flatMap(({ perSecond }) => perSecond)];
  const rows = Array.from({ length: seconds }, (_, second) =>
    series.map(({ perSecond }) => format(perSecond[second] ?? Number.NaN)),
  );
  return lineChart({
    id,
    title,
    description: series.map(one => describe(one, format)).join(' ') || 'Nothing was measured.',
    x: secondsAxis(seconds),
    y: linearAxis({ label: yLabel, values, format: formatAxis, stepMin }),
    series: series.map(one => ({ ...one, points: pointsOf(one) })),
    strips: rows.map((cells, second) => stripOf(series, cells, second)),
    table: {
      caption: `${title} as a table`,
      head: ['second', ...series.map(({ column }) => column)],
      rows: rows.map((cells, second) => [String(second), ...cells]),
    },
  });
}

/** A second's figure stands in its middle. */
function pointsOf({ perSecond }: TimeSeries): Point[] {
  return perSecond.map((value, second) => [second + 0.5, value ?? Number.NaN]);
}

function stripOf(series: readonly TimeSeries[], cells: readonly string[], second: number): Strip {
  const figures = series.map(({ column }, index) => `${column} ${cells[index]}`);
  return { from: second, to: second + 1, text: `second ${second}: ${figures.join(', ')}` };
}

function describe({ name, perSecond }: TimeSeries, format: (value: number) => string): string {
  const known = perSecond.filter(value => Number.isFinite(value));
  if (known.length === 0) return `${name}: not measured.`;
  const lowest = known.reduce((least, value) => Math.min(least, value));
  const highest = known.reduce((most, value) => Math.max(most, value));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return `${name}: ${format(lowest)} to ${format(highest)}, mean ${format(mean)}.`;
}
