import type { LoadResult } from '../../load/load-result.ts';
import { logAxis, secondsAxis } from '../drawing/axis.ts';
import { formatMs, formatNumber } from '../drawing/format.ts';
import { type HeatCell, heatMap } from '../drawing/heat-map.ts';
import { html, type Markup } from '../drawing/html.ts';
import type { Strip } from '../drawing/strips.ts';
import type { PageSection } from '../page.ts';
import { columnName, type Run, secondsOf } from '../run.ts';

/** Latency over time, a map for each run: two maps in one picture would hide each other. */
export function latencyOverTime(runs: readonly Run[]): PageSection {
  return {
    id: 'heat',
    heading: 'Latency over time',
    content: html`<p>Each column is one second and each row one band of latency, from the intended send.
A single slow answer has the lightest shade and is still seen.</p>
<div class="charts">${runs.map(heatOfRun)}</div>`,
  };
}

function heatOfRun(run: Run): Markup {
  const { result } = run;
  const cells = cellsOf(result);
  const seconds = Array.from({ length: secondsOf(result) }, (_, second) => second);
  const summaries = seconds.map(second => summaryOf(result, second));
  const bounds = cells.flatMap(({ count, low, high }) => (count > 0 ? [low, high] : []));
  return heatMap({
    id: `heat-map${run.letter.toLowerCase()}`,
    title: `${columnName(run, 'latency over time')}`,
    description: `Answers by second and latency over ${seconds.length} seconds.`,
    x: secondsAxis(seconds.length),
    y: logAxis({ label: 'milliseconds, logarithmic', values: bounds }),
    cells,
    gaps: seconds
      .filter(second => result.timeline.due[second]! > 0 && summaries[second]!.answers === 0)
      .map(second => ({ from: second, to: second + 1 })),
    unit: 'answers in a second and band',
    strips: summaries.map(stripOf),
    table: {
      caption: `${columnName(run, 'latency over time')} as a table`,
      head: ['second', 'answers', 'p50 at most', 'p99 at most', 'slowest at most'],
      rows: summaries.map(({ second, answers, p50, p99, slowest }) => [
        String(second),
        formatNumber(answers),
        ...[p50, p99, slowest].map(formatMs),
      ]),
    },
  });
}

function cellsOf({ timeline: { heat } }: LoadResult): HeatCell[] {
  const bands = bandsOf(heat.upperMs);
  return heat.counts.flatMap((counts, second) =>
    bands.map((band, index) => ({
      from: second,
      to: second + 1,
      ...band,
      count: counts[index] ?? 0,
    })),
  );
}

/** A last band without an upper end, which JSON writes as null, is drawn twice its lower end. */
function bandsOf(upperMs: readonly number[]): { low: number; high: number }[] {
  return upperMs.map((upper, index) => {
    const low = index === 0 ? lowestOf(upperMs) : upperMs[index - 1]!;
    return { low, high: Number.isFinite(upper) && upper > low ? upper : low * 2 };
  });
}

/** The first band has no lower end of its own: it is drawn as high as the second. */
function lowestOf([first = 1, second = first * 2]: readonly number[]): number {
  return second > first && first > 0 ? (first * first) / second : first / 2;
}

interface SecondSummary {
  readonly second: number;
  readonly answers: number;
  /** Upper ends of the bands, so at most as exact as the bands. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

function summaryOf({ timeline: { heat } }: LoadResult, second: number): SecondSummary {
  const counts = heat.counts[second] ?? [];
  const reached = cumulative(counts);
  const answers = reached.at(-1) ?? 0;
  const at = (share: number) => {
    const band = reached.findIndex(sum => sum > 0 && sum >= answers * share);
    return heat.upperMs[band] ?? Number.NaN;
  };
  return { second, answers, p50: at(0.5), p99: at(0.99), slowest: at(1) };
}

/** For each band, the answers in it and below it. */
function cumulative(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map(count => {
    sum += count;
    return sum;
  });
}

function stripOf({ second, answers, p50, p99, slowest }: SecondSummary): Strip {
  const latency = `p50 ≤ ${formatMs(p50)}, p99 ≤ ${formatMs(p99)}, slowest ≤ ${formatMs(slowest)}`;
  return {
    from: second,
    to: second + 1,
    text: `second ${second}: ${formatNumber(answers)} answers${answers === 0 ? '' : `, ${latency}`}`,
  };
}
