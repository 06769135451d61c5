import type { LoadResult } from '../../load/load-result.ts';
import { logAxis, secondsAxis } from '../drawing/axis.ts';
import { formatMs, formatNumber } from '../drawing/format.ts';
import { type HeatCell, heatMap } from '../drawing/heat-map.ts';
import { html, type Markup } from '../drawing/html.ts';
import type { Strip } from '../drawing/strips.ts';
import type { PageSection } from '../page.ts';
import { idOf, type Run, secondsOf } from '../run.ts';

/** Latency over time, a map for each run: two maps in one picture would hide each other. */
export function latencyOverTime(runs: readonly Run[]): PageSection {
  return {
    id: 'heat',
    heading: 'Latency over time',
    content: html`<p>Each column is the requests that were due in one second, each row a band of
latency from the intended send. What timed out, was unanswered or never sent is in it with the time
it had waited. A single slow request has the lightest shade and is still seen.</p>
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
    id: idOf(run, 'heat-map'),
    title: run.letter === '' ? 'Requests by second and latency' : `Run ${run.label}`,
    description: describe(summaries),
    x: secondsAxis(seconds.length),
    y: logAxis({ label: 'milliseconds, logarithmic', values: bounds }),
    cells,
    gaps: seconds
      .filter(second => result.timeline.due[second]! > 0 && summaries[second]!.requests === 0)
      .map(second => ({ from: second, to: second + 1 })),
    unit: 'requests in a second and band',
    strips: summaries.map(stripOf),
    table: {
      caption: run.letter === '' ? 'Latency over time as a table' : `Run ${run.letter} as a table`,
      head: ['second', 'requests', 'p50 at most', 'p99 at most', 'slowest at most'],
      rows: summaries.map(({ second, requests, p50, p99, slowest }) => [
        String(second),
        formatNumber(requests),
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
  readonly requests: number;
  /** Upper ends of the bands, so at most as exact as the bands. */
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

function summaryOf({ timeline: { heat } }: LoadResult, second: number): SecondSummary {
  const counts = heat.counts[second] ?? [];
  const reached = cumulative(counts);
  const requests = reached.at(-1) ?? 0;
  const at = (share: number) => {
    const band = reached.findIndex(sum => sum > 0 && sum >= requests * share);
    return heat.upperMs[band] ?? Number.NaN;
  };
  return { second, requests, p50: at(0.5), p99: at(0.99), slowest: at(1) };
}

/** For each band, the requests in it and below it. */
function cumulative(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map(count => {
    sum += count;
    return sum;
  });
}

function describe(summaries: readonly SecondSummary[]): string {
  const timed = summaries.filter(({ requests }) => requests > 0);
  const slowest = timed.reduce((most, each) => (each.slowest > most.slowest ? each : most), NONE);
  return `Requests by latency and by the second in which they were due, ${summaries.length} seconds;
the slowest took at most ${formatMs(slowest.slowest)} and was due in second ${slowest.second}.`;
}

const NONE: SecondSummary = { second: 0, requests: 0, p50: 0, p99: 0, slowest: 0 };

function stripOf({ second, requests, p50, p99, slowest }: SecondSummary): Strip {
  const count = `${formatNumber(requests)} requests with a latency`;
  const figures = [p50, p99, slowest].map(formatMs);
  const latency = `, p50 ≤ ${figures[0]}, p99 ≤ ${figures[1]}, slowest ≤ ${figures[2]}`;
  return {
    from: second,
    to: second + 1,
    text: `second ${second}: ${count}${requests === 0 ? '' : latency}`,
  };
}
