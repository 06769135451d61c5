import { withUnit } from '../drawing/format.ts';
import { html } from '../drawing/html.ts';
import type { PageSection } from '../page.ts';
import { columnName, type Run, seriesName } from '../run.ts';
import { timeChart } from './over-time.ts';

export function memoryOverTime(runs: readonly Run[]): PageSection {
  const figures = runs.map(run => seriesName(run, withUnit(run.result.rssMb, 'MB'))).join('; ');
  return {
    id: 'memory',
    heading: 'Memory',
    content: html`<p>Resident memory of the whole gateway process; at most ${figures}.</p>
<div class="charts">
${timeChart({
  id: 'memory-chart',
  title: 'Resident memory',
  yLabel: 'MB',
  series: runs.map(run => ({
    name: seriesName(run, 'resident memory'),
    column: columnName(run, 'MB'),
    hue: run.hue,
    style: 'solid',
    perSecond: run.result.timeline.rssMb,
  })),
})}
</div>`,
  };
}
