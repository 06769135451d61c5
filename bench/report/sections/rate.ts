import { html } from '../drawing/html.ts';
import type { PageSection } from '../page.ts';
import { columnName, type Run, seriesName } from '../run.ts';
import { type TimeSeries, timeChart } from './over-time.ts';

type Count = 'due' | 'answered' | 'errors';

/** Where one run has the page for itself, hues tell its counts apart; else they tell the runs. */
const LONE_HUES: Readonly<Record<Count, number>> = { answered: 0, errors: 1, due: 7 };

export function rateOverTime(runs: readonly Run[]): PageSection {
  return {
    id: 'rate',
    heading: 'Rate and errors over time',
    content: html`<p>Requests fall due whether or not earlier ones were answered; answers and errors
count in the second in which they came. Where the solid line is below the dashed one, answers were
owed; where it is above, they were caught up.</p>
<div class="charts">
${timeChart({
  id: 'rate-chart',
  title: 'Requests due and answered',
  yLabel: 'requests per second',
  series: runs.flatMap(run => [countSeries(run, 'answered'), countSeries(run, 'due')]),
  stepMin: 1,
})}
${timeChart({
  id: 'error-chart',
  title: 'Errors',
  yLabel: 'errors per second',
  series: runs.map(run => countSeries(run, 'errors')),
  stepMin: 1,
})}
</div>`,
  };
}

function countSeries(run: Run, count: Count): TimeSeries {
  return {
    name: seriesName(run, count),
    column: columnName(run, count),
    hue: run.letter === '' ? LONE_HUES[count] : run.hue,
    style: count === 'due' ? 'dashed' : 'solid',
    perSecond: run.result.timeline[count],
  };
}
