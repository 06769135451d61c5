import type { Percentiles } from '../../load/load-result.ts';
import { type Axis, logAxis } from '../drawing/axis.ts';
import { type DataTable, dataTable } from '../drawing/data-table.ts';
import { formatMs, formatShare, withUnit } from '../drawing/format.ts';
import { html, type Markup } from '../drawing/html.ts';
import { lineChart, type Series } from '../drawing/line-chart.ts';
import { percentileAxis } from '../drawing/percentile-axis.ts';
import type { PageSection } from '../page.ts';
import { actualLatency, idOf, intendedLatency, PERCENTILES, type Run } from '../run.ts';

interface Meter {
  readonly name: string;
  readonly of: (run: Run) => Percentiles;
}

/** What was waited for, above what made it wait. */
const METERS: readonly Meter[] = [
  { name: 'latency from the intended send', of: intendedLatency },
  { name: 'latency from the actual send', of: actualLatency },
  { name: 'hiccups beside the gateway', of: run => run.result.hiccup.gatewaySide },
  { name: 'hiccups beside the generator', of: run => run.result.hiccup.generator },
  { name: 'generator’s lag', of: run => run.result.generator.lag },
];

/** The chart ends at p99.99, and the maximum stands one nine beyond it. */
const METER_DECADES = 5;
const MAX_AT = 99.999;

/** Stalls of the machine and of the instrument beside the latency that they may be part of. */
export function machineNoise(runs: readonly Run[]): PageSection {
  return {
    id: 'machine',
    heading: 'The machine and the instrument',
    content: html`<p>A hiccup is how late an idle timer fires: what the machine does to whoever is
waiting, the gateway or not. The lag is how late sends left although a connection was idle.</p>
${runs.map(noiseSentence)}
<div class="charts">${runs.map(noiseChart)}</div>
${runs.map(run => dataTable(meterTable(run)))}`,
  };
}

function noiseSentence(run: Run): Markup {
  const { hiccup, generator } = run.result;
  const text = `longest hiccup beside the gateway ${formatMs(hiccup.gatewaySide.max)}, beside the
generator ${formatMs(hiccup.generator.max)}; slowest answer ${formatMs(intendedLatency(run).max)};
busiest generator ${formatShare(generator.cpuShareMax)} of a core, all of them
${withUnit(generator.cpuMicrosPerRequest, 'µs')} of CPU per request.`;
  return html`<p>${run.letter === '' ? 'In this run: ' : `Run ${run.letter}: `}${text}</p>`;
}

function noiseChart(run: Run): Markup {
  const series = METERS.map(({ name, of }, hue): Series => {
    const percentiles = of(run);
    const points = PERCENTILES.map(({ key, percentile }) => ({
      at: [Math.min(percentile, MAX_AT), percentiles[key]] as const,
      text: `${key === 'max' ? 'max' : `${percentile}%`} of ${name}: ${formatMs(percentiles[key])}`,
    }));
    const style = hue === 1 ? 'dashed' : 'solid';
    return { name, hue, style, points: points.map(({ at }) => at), dots: points };
  });
  const values = series.flatMap(({ points }) => points.map(([, ms]) => ms));
  return lineChart({
    id: idOf(run, 'noise'),
    title: run.letter === '' ? 'Latency beside hiccups and lag' : `Run ${run.label}`,
    description: METERS.map(({ name, of }) => describe(name, of(run))).join(' '),
    x: meterAxis(),
    y: logAxis({ label: 'milliseconds, logarithmic', values }),
    series,
  });
}

function meterAxis(): Axis {
  const { ticks, position } = percentileAxis(10 ** METER_DECADES);
  const end = { at: 1, label: 'max', isExtra: false };
  return { label: 'percentile', ticks: [...ticks.filter(({ at }) => at < 0.99), end], position };
}

function describe(name: string, percentiles: Percentiles): string {
  const figures = PERCENTILES.map(({ key, name: p }) => `${p} ${formatMs(percentiles[key])}`);
  return `${name}: ${figures.join(', ')}.`;
}

function meterTable(run: Run): DataTable {
  return {
    caption:
      run.letter === ''
        ? 'Latency, hiccups and lag'
        : `Latency, hiccups and lag of run ${run.letter}`,
    head: ['', ...PERCENTILES.map(({ name }) => name)],
    rows: METERS.map(({ name, of }) => {
      const percentiles = of(run);
      return [name, ...PERCENTILES.map(({ key }) => formatMs(percentiles[key]))];
    }),
  };
}
