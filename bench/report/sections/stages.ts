import type { LoadResult } from '../../load/load-result.ts';
import { type BarChart, barChart } from '../drawing/bar-chart.ts';
import { dataTable } from '../drawing/data-table.ts';
import { formatMs, formatShare } from '../drawing/format.ts';
import { html, type Markup, NOTHING } from '../drawing/html.ts';
import { legend } from '../drawing/legend.ts';
import type { PageSection } from '../page.ts';
import { keysOf, PERCENTILES, type Run } from '../run.ts';

/** The stage that spans all others. */
const TOTAL = 'total';

type StageFigures = LoadResult['stages'][string];

const FIGURES = [
  { id: 'mean', title: 'Mean', of: (stage: StageFigures) => stage.meanMs },
  { id: 'p50', title: 'p50', of: (stage: StageFigures) => stage.p50 },
  { id: 'p99', title: 'p99', of: (stage: StageFigures) => stage.p99 },
] as const;

/** Where the gateway's own time went, by its stages. */
export function stageBreakdown(runs: readonly Run[]): PageSection {
  const stages = stageNames(runs);
  return {
    id: 'stages',
    heading: 'Stages in the gateway',
    content: html`<p>Measured by the gateway itself, from a request’s arrival to the last byte of
its answer. Means add up; percentiles do not, because the slowest requests of one stage are not
those of another. The time between the generator and the gateway is not in here; up to 300 ms of the
warm-up and the drain are.</p>
${runs.map(sumSentence)}
${runsLegend(runs)}
<div class="charts thirds">${FIGURES.map(figure => barChart(stageBars(figure, stages, runs)))}</div>
${dataTable({
  caption: 'Stages, milliseconds',
  head: ['stage', 'mean', ...PERCENTILES.map(({ name }) => name)],
  rows: stages.flatMap(stage => runs.map(run => stageRow(stage, run))),
})}`,
  };
}

function runsLegend(runs: readonly Run[]): Markup {
  if (runs.length === 1) return NOTHING;
  return legend(runs.map(({ label, hue }) => ({ name: label, hue, style: 'solid' })));
}

/** In the order of the result, the total last. */
function stageNames(runs: readonly Run[]): string[] {
  const names = keysOf(runs.map(({ result }) => result.stages));
  return [...names.filter(name => name !== TOTAL), ...names.filter(name => name === TOTAL)];
}

function stageBars(
  { id, title, of }: (typeof FIGURES)[number],
  stages: readonly string[],
  runs: readonly Run[],
): BarChart {
  const figureOf = (stage: string, { result }: Run) => {
    const figures = result.stages[stage];
    return figures === undefined ? Number.NaN : of(figures);
  };
  const described = stages.map(
    stage => `${stage} ${runs.map(run => formatMs(figureOf(stage, run))).join(' and ')}`,
  );
  return {
    id: `stages-${id}`,
    title: `${title} of each stage`,
    description: `${title}: ${described.join(', ')}.`,
    rows: stages.map(stage => ({
      name: stage,
      bars: runs.map(run => {
        const value = figureOf(stage, run);
        return { hue: run.hue, value, label: formatMs(value) };
      }),
    })),
  };
}

/** Whether the stages account for the total; what they leave out is time that no stage owns. */
function sumSentence({ result, letter }: Run): Markup {
  const total = result.stages[TOTAL]?.meanMs;
  if (total === undefined || !(total > 0)) return NOTHING;
  const sum = Object.entries(result.stages)
    .filter(([name]) => name !== TOTAL)
    .reduce((all, [, { meanMs }]) => all + meanMs, 0);
  const whose = letter === '' ? 'The' : `Run ${letter}: the`;
  return html`<p>${whose} means of the stages sum to ${formatMs(sum)},
${formatShare(sum / total)} of the total’s ${formatMs(total)}.</p>`;
}

function stageRow(stage: string, { result, letter }: Run): string[] {
  const figures = result.stages[stage];
  const cells =
    figures === undefined ? [] : [figures.meanMs, ...PERCENTILES.map(({ key }) => figures[key])];
  const all = Array.from(
    { length: PERCENTILES.length + 1 },
    (_, index) => cells[index] ?? Number.NaN,
  );
  return [letter === '' ? stage : `${stage}, ${letter}`, ...all.map(formatMs)];
}
