import type { CurvePoint, Percentiles } from '../../load/load-result.ts';
import { type Axis, linearAxis, logAxis } from '../drawing/axis.ts';
import type { DataTable } from '../drawing/data-table.ts';
import { ABSENT, formatCount, formatMs, formatNumber } from '../drawing/format.ts';
import { html, type Markup } from '../drawing/html.ts';
import { type Dot, lineChart, type Point, type Series } from '../drawing/line-chart.ts';
import { lastPercentile, percentileAxis } from '../drawing/percentile-axis.ts';
import type { PageSection } from '../page.ts';
import {
  actualLatency,
  closedLatency,
  columnName,
  intendedLatency,
  PERCENTILES,
  type Run,
  sentCountOf,
  seriesName,
} from '../run.ts';

const INTENDED = 'from the intended send';
const ACTUAL = 'from the actual send';
const CLOSED = 'as a closed loop';

/** Rows of the table, where a run has as many requests. */
const LADDER = [
  50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999, 99.9995, 99.9999,
] as const;

/**
 * Latency by percentile from both clocks, and what a closed loop would have made of the run. What
 * lies between the first curve and the last is what coordinated omission leaves out.
 */
export function latencyByPercentile(runs: readonly Run[]): PageSection {
  const series = runs.flatMap(run => [intendedSeries(run), actualSeries(run), closedSeries(run)]);
  const values = series.flatMap(({ points }) => points.map(([, ms]) => ms));
  const x = percentileAxis(Math.max(...runs.map(({ timedCount }) => timedCount)));
  const chart = (id: string, title: string, y: Axis) =>
    lineChart({ id, title, description: describe(runs), x, y, series, table: ladderTable(runs) });
  const logarithmic = { label: 'milliseconds, logarithmic', values };
  return {
    id: 'latency',
    heading: 'Latency by percentile',
    content: html`<p>The solid curve counts from the time at which each request was due, so a send
that had to wait is the gateway’s to answer for. The dashed curve counts from the actual send of
the same requests: it leaves out the wait for an idle connection. The dotted curve is coordinated
omission: a few clients that wait for each answer before they ask again, so that what fell due while
all of them waited is never asked and never slow.</p>
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

function closedSeries(run: Run): Series {
  const { curve, requests } = run.result.closedLoop;
  return {
    name: seriesName(run, CLOSED),
    hue: run.letter === '' ? run.hue + 2 : run.hue,
    style: 'dotted',
    points: curvePoints(curve, requests, closedLatency(run).max),
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
    const due = seriesName(run, `${INTENDED}: ${figures(intendedLatency(run))}`);
    const sent = `${ACTUAL}: ${figures(actualLatency(run))}`;
    return `${due}; ${sent}; ${CLOSED}: ${figures(closedLatency(run))}.`;
  });
  return sentences.join(' ');
}

/** What coordinated omission would have hidden, in the run's own figures. */
function omissionSentence(run: Run): Markup {
  const latencies = [intendedLatency(run), actualLatency(run), closedLatency(run)];
  const all = (key: keyof Percentiles) =>
    latencies.map(latency => formatMs(latency[key])).join(' / ');
  const { clients, requests } = run.result.closedLoop;
  const text =
    run.timedCount === 0
      ? 'Nothing was answered.'
      : `${INTENDED} / ${ACTUAL} / ${CLOSED}, p99 is ${all('p99')}, p99.9 ${all('p999')},
the slowest ${all('max')}. ${formatCount(clients, 'client')} in a closed loop would have asked
${formatNumber(requests)} of the ${formatNumber(run.timedCount)} requests.`;
  return html`<p>${run.letter === '' ? capital(text) : `${run.label}: ${text}`}</p>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Between HdrHistogram's steps, the figure of the next step: it may be above, never below. */
function ladderTable(runs: readonly Run[]): DataTable {
  const last = Math.max(...runs.map(({ timedCount }) => lastPercentile(timedCount)));
  const rungs = LADDER.filter(percentile => percentile <= last);
  const clocks = [INTENDED, ACTUAL, CLOSED];
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
  const { curve, fromActualSend, closedLoop } = run.result;
  const named = PERCENTILES.find(each => each.percentile === percentile);
  const cell = (latency: Percentiles, steps: readonly CurvePoint[], count: number) => {
    if (named !== undefined) return formatMs(latency[named.key]);
    if (percentile > lastPercentile(count)) return ABSENT;
    return formatMs(steps.find(step => step.percentile >= percentile - 1e-9)?.ms ?? Number.NaN);
  };
  return [
    cell(intendedLatency(run), curve, run.timedCount),
    cell(actualLatency(run), fromActualSend.curve, sentCountOf(run)),
    cell(closedLatency(run), closedLoop.curve, closedLoop.requests),
  ];
}
