/** A chaos run as a page: goodput and latency over time, with the faults marked. */
import { logAxis, secondsAxis } from '../report/drawing/axis.ts';
import { dataTable } from '../report/drawing/data-table.ts';
import { formatMs, formatNumber } from '../report/drawing/format.ts';
import { html, type Markup } from '../report/drawing/html.ts';
import type { LineStyle } from '../report/drawing/legend.ts';
import { lineChart, type Series } from '../report/drawing/line-chart.ts';
import type { Strip } from '../report/drawing/strips.ts';
import { type PageSection, renderPage } from '../report/page.ts';
import { type TimeSeries, timeChart } from '../report/sections/over-time.ts';
import type { ChaosResult, ChaosTimeline, FaultRecord } from './chaos-result.ts';
import { chaosText } from './chaos-text.ts';

/** Hue of what marks a fault. */
const FAULT_HUE = 5;

export function renderChaos(result: ChaosResult): string {
  const { options, commit, startedAt } = result;
  const [summary] = chaosText(result).split('\n', 1);
  return renderPage({
    title: `${options.seconds} seconds with a fault every ${options.faultEverySeconds}`,
    opening: html`<p>${summary!}; ${commit}, ${startedAt}.</p>`,
    sections: [callsSection(result), latencySection(result), faultsSection(result)],
  });
}

function callsSection({ timeline, faults }: ChaosResult): PageSection {
  const line = (
    name: keyof ChaosTimeline,
    hue: number,
    style: LineStyle = 'solid',
  ): TimeSeries => ({
    ...{ name, column: name, hue, style },
    perSecond: timeline[name],
  });
  const series = [
    ...[line('answered', 0), line('due', 7, 'dashed'), line('refused', 1), line('cut', 2)],
    ...[line('unaccounted', 3, 'dotted'), marks(timeline, faults)],
  ];
  return {
    id: 'calls',
    heading: 'Calls',
    content: html`<p>Each call counts in the second in which it fell due, whatever became of it and
when. A fault stands at the top of the seconds that it takes.</p>
<div class="charts">
${timeChart({
  ...{ id: 'calls-chart', title: 'Calls by how they ended', yLabel: 'calls per second' },
  ...{ series, stepMin: 1 },
})}
</div>`,
  };
}

/** At the top of the picture, where a fault goes on. */
function marks(timeline: ChaosTimeline, faults: readonly FaultRecord[]): TimeSeries {
  const top = Math.max(...timeline.due);
  const perSecond = timeline.due.map((_, second) => (isWithin(second, faults) ? top : Number.NaN));
  return { name: 'a fault', column: 'a fault', hue: FAULT_HUE, style: 'solid', perSecond };
}

function isWithin(second: number, faults: readonly FaultRecord[]): boolean {
  return faults.some(({ fromSecond, toSecond }) => fromSecond < second + 1 && toSecond > second);
}

function latencySection({ timeline, faults }: ChaosResult): PageSection {
  const all = [...timeline.p50Ms, ...timeline.p99Ms, ...timeline.maxMs].filter(Number.isFinite);
  const top = Math.max(1, ...all);
  const series: Series[] = [
    { name: 'p50', hue: 0, style: 'solid', points: pointsOf(timeline.p50Ms) },
    { name: 'p99', hue: 1, style: 'solid', points: pointsOf(timeline.p99Ms) },
    { name: 'longest', hue: 2, style: 'dotted', points: pointsOf(timeline.maxMs) },
    {
      ...{ name: 'a fault', hue: FAULT_HUE, style: 'solid' },
      points: timeline.due.map((_, s) => [s + 0.5, isWithin(s, faults) ? top : Number.NaN]),
    },
  ];
  const strips = timeline.due.map((_, second) => latencyStrip(timeline, second));
  return {
    id: 'latency',
    heading: 'Latency of what was answered',
    content: html`<p>From when a call was due, whether or not it could be sent then.</p>
<div class="charts">${latencyChart(series, strips, all)}</div>`,
  };
}

function latencyChart(
  series: readonly Series[],
  strips: readonly Strip[],
  values: readonly number[],
): Markup {
  return lineChart({
    id: 'latency-chart',
    title: 'Latency by second',
    description: `Percentiles of each second, ${formatMs(Math.max(0, ...values))} at most.`,
    x: secondsAxis(strips.length),
    y: logAxis({ label: 'milliseconds', values }),
    ...{ series, strips },
  });
}

function pointsOf(perSecond: readonly number[]): (readonly [number, number])[] {
  return perSecond.map((value, second) => [second + 0.5, value]);
}

function latencyStrip({ p50Ms, p99Ms, maxMs }: ChaosTimeline, second: number): Strip {
  const [p50, p99, most] = [p50Ms, p99Ms, maxMs].map(list => formatMs(list[second]!));
  const text = `second ${second}: p50 ${p50}, p99 ${p99}, longest ${most}`;
  return { from: second, to: second + 1, text };
}

function faultsSection({ faults, timeline }: ChaosResult): PageSection {
  const rows = faults.map(fault => {
    const sum = (counts: readonly number[]) => formatNumber(sumWithin(counts, fault));
    const { name, fromSecond, toSecond } = fault;
    return [
      ...[fromSecond.toFixed(1), (toSecond - fromSecond).toFixed(1), name],
      ...[timeline.due, timeline.answered, timeline.refused, timeline.cut].map(sum),
    ];
  });
  const head = ['from second', 'seconds', 'fault', 'due', 'answered', 'refused', 'cut'];
  const caption = 'Faults, and the calls of the seconds that each took';
  return { id: 'faults', heading: 'Faults', content: dataTable({ caption, head, rows }) };
}

function sumWithin(counts: readonly number[], { fromSecond, toSecond }: FaultRecord): number {
  return counts
    .slice(Math.floor(fromSecond), Math.ceil(toSecond))
    .reduce((sum, count) => sum + count, 0);
}
