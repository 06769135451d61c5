import type { CurvePoint, Percentiles } from '../../load/load-result.ts';
import { type Axis, linearAxis, logAxis } from '../drawing/axis.ts';
import type { DataTable } from '../drawing/data-table.ts';
import { formatMs } from '../drawing/format.ts';
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
  seriesName,
} from '../run.ts';

const INTENDED = 'from the intended send';
const ACTUAL = 'from the actual send';

/** Rows of the table, where a run has as many answers. */
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
  const x = percentileAxis(Math.max(...runs.map(({ result }) => result.answered)));
  const chart = (id: string, title: string, y: Axis) =>
    lineChart({ id, title, description: describe(runs), x, y, series, table: ladderTable(runs) });
  return {
    id: 'latency',
    heading: 'Latency by percentile',
    content: html`<p>The solid curve counts from the time at which each request was due, so a send that
had to wait is the gateway’s to answer for. The dashed curve counts from the actual send: it is what an
instrument that waits for answers would have shown.</p>
${runs.map(omissionSentence)}
<div class="charts">
${chart('latency-linear', 'Latency by percentile', linearAxis({ label: 'milliseconds', values }))}
${chart(
  'latency-log',
  'The same on a logarithmic scale',
  logAxis({ label: 'milliseconds, logarithmic', values }),
)}
</div>`,
  };
}

function intendedSeries(run: Run): Series {
  return {
    name: seriesName(run, INTENDED),
    hue: run.hue,
    style: 'solid',
    points: curvePoints(run, run.result.curve, intendedLatency(run).max),
    dots: percentileDots(run, intendedLatency(run), INTENDED),
  };
}

function actualSeries(run: Run): Series {
  const { curve } = run.result.fromActualSend;
  return {
    name: seriesName(run, ACTUAL),
    hue: run.hue,
    style: 'dashed',
    points: curvePoints(run, curve, actualLatency(run).max),
  };
}

/** The curve up to the slowest answer, which is as far right as so many answers reach. */
function curvePoints({ result }: Run, curve: readonly CurvePoint[], max: number): Point[] {
  if (result.answered === 0) return [];
  const last = lastPercentile(result.answered);
  const reached = curve.filter(({ percentile }) => percentile < last);
  return [...reached.map(({ percentile, ms }): Point => [percentile, ms]), [last, max]];
}

function percentileDots(run: Run, latency: Percentiles, clock: string): Dot[] {
  const last = lastPercentile(run.result.answered);
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
  if (run.result.answered === 0) return html`<p>${seriesName(run, 'nothing was answered')}.</p>`;
  const [due, sent] = [intendedLatency(run), actualLatency(run)];
  const text = `p99 is ${formatMs(due.p99)} ${INTENDED} and ${formatMs(sent.p99)} ${ACTUAL}; p99.9 is
${formatMs(due.p999)} and ${formatMs(sent.p999)}; the slowest ${formatMs(due.max)} and
${formatMs(sent.max)}.`;
  return html`<p>${seriesName(run, text)}</p>`;
}

function ladderTable(runs: readonly Run[]): DataTable {
  const last = Math.max(...runs.map(({ result }) => lastPercentile(result.answered)));
  const rungs = LADDER.filter(percentile => percentile <= last);
  return {
    caption: 'Latency by percentile as a table',
    head: [
      'percentile',
      ...runs.flatMap(run => [columnName(run, INTENDED), columnName(run, ACTUAL)]),
    ],
    rows: [
      ...rungs.map(rung => [`${rung}%`, ...runs.flatMap(run => cellsAt(run, rung))]),
      [
        'max',
        ...runs
          .flatMap(run => [intendedLatency(run), actualLatency(run)])
          .map(({ max }) => formatMs(max)),
      ],
    ],
  };
}

function cellsAt({ result }: Run, percentile: number): string[] {
  const isKnown = percentile <= lastPercentile(result.answered);
  return [result.curve, result.fromActualSend.curve].map(curve => {
    const point = isKnown ? curve.find(each => each.percentile >= percentile - 1e-9) : undefined;
    return formatMs(point?.ms ?? Number.NaN);
  });
}
