import { html } from '../drawing/html.ts';
import type { PageSection } from '../page.ts';
import { columnName, type Run, seriesName } from '../run.ts';
import { type TimeSeries, timeChart } from './over-time.ts';

/** The errors' hue where one run has the page for itself. */
const ERROR_HUE = 1;

export function rateOverTime(runs: readonly Run[]): PageSection {
  const series = (
    run: Run,
    what: 'due' | 'answered' | 'errors',
    style: TimeSeries['style'],
    hue = run.hue,
  ): TimeSeries => ({
    name: seriesName(run, what),
    column: columnName(run, what),
    hue,
    style,
    perSecond: run.result.timeline[what],
  });
  const errorHue = (run: Run) => (run.letter === '' ? ERROR_HUE : run.hue);
  return {
    id: 'rate',
    heading: 'Rate and errors over time',
    content: html`<p>Requests fall due whether or not earlier ones were answered. Where the solid line
is below the dashed one, answers were owed; where it is above, they were caught up.</p>
<div class="charts">
${timeChart({
  id: 'rate-chart',
  title: 'Requests due and answered',
  yLabel: 'requests per second',
  series: runs.flatMap(run => [series(run, 'due', 'dashed'), series(run, 'answered', 'solid')]),
})}
${timeChart({
  id: 'error-chart',
  title: 'Errors',
  yLabel: 'errors per second',
  series: runs.map(run => series(run, 'errors', 'solid', errorHue(run))),
})}
</div>`,
  };
}
