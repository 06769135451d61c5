import type { CurvePoint, Percentiles } from '../../load/load-result.ts';
import { type Axis, linearAxis, logAxis } from '../drawing/axis.ts';
import type { DataTable } from '../drawing/data-table.ts';
import { ABSENT, formatMs } from '../drawing/format.ts';
import { html, type Markup } from '../drawing/html.ts';
import { type Dot, lineChart, type Point, type Series } from '../drawing/line-chart.ts';
import { lastPercentile, percentileAxis } from '../drawing/percentile-axis.ts';
import type { PageSection } from '../page.ts';
import {
  actualLatency,
  columnName,
  intendedLatency,
  PERCENTILES,
  type Run,
  sentCountOf,
  seriesName,
} from '../run.ts';

const INTENDED = 'from the intended send';
const ACTUAL = 'from the actual send';

/** Rows of the table, where a run has as many requests. */
const LADDER = [
  50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999, 99.9995, 99.9999,
] as const;

/**
 * Latency by percentile from both clocks. The two curves part where sends were late: what lies
 * between them is what an instrument with coordinated omission leaves out.
 */
export function latencyByPercentile(runs: readonly Run[]): PageSection {
  const series = runs.flatMap(run => [intendedSeries(run), actualSeries(run)]);
  const values = series.flatMap(({ points }) => points.map(([, ms]) => ms));
  const x = percentileAxis(Math.max(...runs.map(({ timedCount }) => timedCount)));
  const chart = (id: string, title: string, y: Axis) =>
    lineChart({ id, title, description: describe(runs), x, y, series, table: ladderTable(runs) });
  const logarithmic = { label: 'milliseconds, logarithmic', values };
  return {
    id: 'latency',
    heading: 'Latency by percentile',
    content: html`<p>The solid curve counts from the time at which each request was due, so a send
that had to wait is the gateway’s to answer for. The dashed curve counts from the actual send: it is
what an instrument that waits for answers would have shown.</p>
${runs.map(omissionSentence)}
<div class="charts">
${chart('latency-linear', 'Latency by percentile', linearAxis({ label: 'milliseconds', values }))}
${chart('latency-log', 'The same on a logarithmic scale', logAxis(logarithmic))}
</div>`,
  };
}

function intendedSeries(run: Run): Series {
  const latency = intendedLatency(run);
  return {
    name: seriesName(run, INTENDED),
    hue: run.hue,
    style: 'solid',
    points: curvePoints(run.result.curve, run.timedCount, latency.max),
    dots: percentileDots(run, latency, INTENDED),
  };
}

function actualSeries(run: Run): Series {
  const { curve } = run.result.fromActualSend;
  return {
    name: seriesName(run, ACTUAL),
    // Alone on the page, a hue of its own shows it where it lies on the other curve.
    hue: run.letter === '' ? run.hue + 1 : run.hue,
    style: 'dashed',
    points: curvePoints(curve, sentCountOf(run), actualLatency(run).max),
  };
}

/** The curve up to the slowest request, which is as far right as so many of them reach. */
function curvePoints(curve: readonly CurvePoint[], count: number, max: number): Point[] {
  if (count === 0) return [];
  const last = lastPercentile(count);
  const reached = curve.filter(({ percentile }) => percentile < last);
  return [...reached.map(({ percentile, ms }): Point => [percentile, ms]), [last, max]];
}

function percentileDots(run: Run, latency: Percentiles, clock: string): Dot[] {
  const last = lastPercentile(run.timedCount);
  return PERCENTILES.filter(({ key, percentile }) => key === 'max' || percentile < last).map(
    ({ key, name, percentile }) => ({
      at: [Math.min(percentile, last), latency[key]],
      text: `${seriesName(run, name)} ${clock}: ${formatMs(latency[key])}`,
    }),
  );
}

function describe(runs: readonly Run[]): string {
  const sentences = runs.map(run => {
    const figures = (latency: Percentiles) =>
      PERCENTILES.map(({ key, name }) => `${name} ${formatMs(latency[key])}`).join(', ');
    const text = `${INTENDED}: ${figures(intendedLatency(run))}; ${ACTUAL}: `;
    return `${seriesName(run, text)}${figures(actualLatency(run))}.`;
  });
  return sentences.join(' ');
}

/** What coordinated omission would have hidden, in the run's own figures. */
function omissionSentence(run: Run): Markup {
  const [due, sent] = [intendedLatency(run), actualLatency(run)];
  const both = (key: keyof Percentiles) => `${formatMs(due[key])} and ${formatMs(sent[key])}`;
  const text =
    run.timedCount === 0
      ? 'Nothing was answered.'
      : `${INTENDED} and ${ACTUAL}, p99 is ${both('p99')}, p99.9 ${both('p999')},
the slowest ${both('max')}.`;
  return html`<p>${run.letter === '' ? capital(text) : `${run.label}: ${text}`}</p>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Between HdrHistogram's steps, the figure of the next step: it may be above, never below. */
function ladderTable(runs: readonly Run[]): DataTable {
  const last = Math.max(...runs.map(({ timedCount }) => lastPercentile(timedCount)));
  const rungs = LADDER.filter(percentile => percentile <= last);
  const clocks = [INTENDED, ACTUAL];
  return {
    caption: 'Latency by percentile as a table',
    head: ['percentile', ...runs.flatMap(run => clocks.map(clock => columnName(run, clock)))],
    rows: [
      ...rungs.map(rung => [`${rung}%`, ...runs.flatMap(run => cellsAt(run, rung))]),
      ['max', ...runs.flatMap(run => cellsAt(run, 100))],
    ],
  };
}

function cellsAt(run: Run, percentile: number): string[] {
  const { curve, fromActualSend } = run.result;
  const named = PERCENTILES.find(each => each.percentile === percentile);
  const cell = (latency: Percentiles, steps: readonly CurvePoint[], count: number) => {
    if (named !== undefined) return formatMs(latency[named.key]);
    if (percentile > lastPercentile(count)) return ABSENT;
    return formatMs(steps.find(step => step.percentile >= percentile - 1e-9)?.ms ?? Number.NaN);
  };
  return [
    cell(intendedLatency(run), curve, run.timedCount),
    cell(actualLatency(run), fromActualSend.curve, sentCountOf(run)),
  ];
}
