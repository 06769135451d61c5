import { type DataTable, dataTable } from '../drawing/data-table.ts';
import { formatRatio, formatShare, withUnit } from '../drawing/format.ts';
import { html, type Markup, NOTHING } from '../drawing/html.ts';
import { HUES } from '../drawing/legend.ts';
import type { PageSection } from '../page.ts';
import { columnName, keysOf, type Run } from '../run.ts';
import { type TimeSeries, timeChart } from './over-time.ts';

/** More lines than hues could not be told apart. */
const THREADS_MAX = HUES;

/** CPU of each thread: one chart for one run; for more, a chart for each thread with all runs. */
export function cpuByThread(runs: readonly Run[]): PageSection {
  const threads = busiestFirst(runs);
  const shown = threads.slice(0, THREADS_MAX);
  const left = threads.slice(THREADS_MAX);
  const charts = runs.length === 1 ? [chartOfRun(runs[0]!, shown)] : chartsOfThreads(runs, shown);
  return {
    id: 'cpu',
    heading: 'CPU',
    content: html`<p>Share of one core that each thread of the gateway used. A thread near 100% has
no room left, however idle the machine is.</p>
${left.length === 0 ? NOTHING : html`<p>Not drawn, being the least busy: ${left.join(', ')}.</p>`}
<div class="charts">${charts}</div>
${dataTable(perRequestTable(runs))}`,
  };
}

function busiestFirst(runs: readonly Run[]): string[] {
  const use = (thread: string) =>
    Math.max(...runs.map(run => meanOf(run.result.timeline.cpuByThread[thread] ?? [])));
  const names = keysOf(runs.map(({ result }) => result.timeline.cpuByThread));
  return names.sort((first, second) => use(second) - use(first));
}

function meanOf(values: readonly number[]): number {
  const known = values.filter(value => Number.isFinite(value));
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}

/** Every thread's busiest second, so that all charts have one scale. */
function peaksOf(runs: readonly Run[]): number[] {
  const series = runs.flatMap(run => Object.values(run.result.timeline.cpuByThread));
  return series.map(shares => shares.reduce((most, share) => Math.max(most, share), 0));
}

function chartOfRun(run: Run, threads: readonly string[]): Markup {
  return cpuChart(
    'cpu-chart',
    'CPU by thread',
    threads.map((thread, hue) => threadSeries(run, thread, thread, hue)),
  );
}

function chartsOfThreads(runs: readonly Run[], threads: readonly string[]): Markup[] {
  return threads.map((thread, index) =>
    cpuChart(
      `cpu-chart-${index + 1}`,
      `CPU of ${thread}`,
      runs.map(run => threadSeries(run, thread, run.label, run.hue)),
      peaksOf(runs),
    ),
  );
}

function threadSeries(run: Run, thread: string, name: string, hue: number): TimeSeries {
  const perSecond = run.result.timeline.cpuByThread[thread] ?? [];
  return { name, column: columnName(run, thread), hue, style: 'solid', perSecond };
}

function cpuChart(
  id: string,
  title: string,
  series: readonly TimeSeries[],
  alsoOnScale: readonly number[] = [],
): Markup {
  return timeChart({
    id,
    title,
    yLabel: 'share of one core',
    series,
    format: formatShare,
    formatAxis: formatShare,
    alsoOnScale,
  });
}

function perRequestTable(runs: readonly Run[]): DataTable {
  const row = (name: string, of: (run: Run) => number): string[] => [
    name,
    ...runs.map((run, index) => {
      const ratio = index === 0 ? '' : formatRatio(of(runs[0]!), of(run));
      const text = withUnit(of(run), 'µs');
      return ratio === '' ? text : `${text} (${ratio})`;
    }),
  ];
  const threads = keysOf(runs.map(({ result }) => result.cpuMicrosPerRequest));
  return {
    caption: 'CPU microseconds per answered request',
    head: ['', ...runs.map(({ letter }) => letter || 'CPU per request')],
    rows: [
      ...threads.map(thread =>
        row(
          thread === 'process' ? 'gateway, whole process' : `gateway, ${thread}`,
          ({ result }) => result.cpuMicrosPerRequest[thread] ?? Number.NaN,
        ),
      ),
      row('upstream', ({ result }) => result.upstreamCpuMicrosPerRequest),
      row('generator', ({ result }) => result.generator.cpuMicrosPerRequest),
    ],
  };
}
