import { dataTable } from '../drawing/data-table.ts';
import { formatMs, formatNumber, formatRatio, withUnit } from '../drawing/format.ts';
import { html, type Markup } from '../drawing/html.ts';
import type { PageSection } from '../page.ts';
import {
  actualLatency,
  differencesOf,
  errorCount,
  intendedLatency,
  PERCENTILES,
  type Run,
} from '../run.ts';

interface Measure {
  readonly name: string;
  readonly of: (run: Run) => number;
  readonly format: (value: number) => string;
}

const micros = (value: number) => withUnit(value, 'µs');

const MEASURES: readonly Measure[] = [
  {
    name: 'answered without error per second',
    of: run => run.result.achievedRate,
    format: formatNumber,
  },
  { name: 'errors', of: run => errorCount(run.result), format: formatNumber },
  { name: 'missed sends', of: run => run.result.missedSends, format: formatNumber },
  ...PERCENTILES.map(({ key, name }) => ({
    name: `${name} from the intended send`,
    of: (run: Run) => intendedLatency(run)[key],
    format: formatMs,
  })),
  { name: 'p99 from the actual send', of: run => actualLatency(run).p99, format: formatMs },
  {
    name: 'gateway CPU per request',
    of: run => run.result.cpuMicrosPerRequest.process ?? Number.NaN,
    format: micros,
  },
  {
    name: 'resident memory',
    of: run => run.result.rssMb,
    format: value => withUnit(value, 'MB'),
  },
  {
    name: 'p99 of the hiccups beside the gateway',
    of: run => run.result.hiccup.gatewaySide.p99,
    format: formatMs,
  },
  { name: 'p99 of the generator’s lag', of: lagOf, format: formatMs },
];

function lagOf({ result }: Run): number {
  return result.generator.lag.p99;
}

/** All runs side by side, each figure with its ratio to the first run's. */
export function comparison(runs: readonly Run[]): PageSection {
  return {
    id: 'comparison',
    heading: 'Comparison',
    content: html`${unlikeness(runs)}${dataTable({
      caption: 'Figures of all runs; in brackets, how many times the first run’s',
      head: ['', ...runs.map(({ letter }) => letter)],
      rows: MEASURES.map(measure => measureRow(measure, runs)),
    })}`,
  };
}

/** Says what was not held equal, so that nobody credits the gateway with another's difference. */
function unlikeness(runs: readonly Run[]): Markup {
  const differences = differencesOf(runs.map(({ result }) => result));
  if (differences.length === 0) return html`<p>The runs had the same commit, load and machine.</p>`;
  return html`<p>The runs differ in ${differences.join('; ')}.</p>`;
}

function measureRow({ name, of, format }: Measure, runs: readonly Run[]): string[] {
  const base = of(runs[0]!);
  const cells = runs.map((run, index) => {
    const ratio = index === 0 ? '' : formatRatio(base, of(run));
    return ratio === '' ? format(of(run)) : `${format(of(run))} (${ratio})`;
  });
  return [name, ...cells];
}
