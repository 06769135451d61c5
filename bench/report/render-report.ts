import type { LoadResult } from '../load/load-result.ts';
import { formatCount, formatNumber } from './drawing/format.ts';
import { html } from './drawing/html.ts';
import { renderPage } from './page.ts';
import { runsOf } from './run.ts';
import { comparison } from './sections/comparison.ts';
import { cpuByThread } from './sections/cpu.ts';
import { latencyOverTime } from './sections/heat.ts';
import { latencyByPercentile } from './sections/latency.ts';
import { machineNoise } from './sections/machine.ts';
import { memoryOverTime } from './sections/memory.ts';
import { rateOverTime } from './sections/rate.ts';
import { stageBreakdown } from './sections/stages.ts';
import { verdict } from './sections/verdict.ts';

/**
 * One HTML document without a script or an address outside itself. One run draws that run, two or
 * more draw all of them into the same charts.
 * @throws RangeError for no run at all
 */
export function renderReport(results: readonly LoadResult[]): string {
  if (results.length === 0) throw new RangeError('a report needs at least one result');
  const runs = runsOf(results);
  const isComparison = runs.length > 1;
  return renderPage({
    title: isComparison ? `Load: ${runs.length} runs compared` : `Load: ${loadOf(results[0]!)}`,
    opening: html`${runs.map(verdict)}`,
    sections: [
      ...(isComparison ? [comparison(runs)] : []),
      latencyByPercentile(runs),
      latencyOverTime(runs),
      rateOverTime(runs),
      stageBreakdown(runs),
      cpuByThread(runs),
      memoryOverTime(runs),
      machineNoise(runs),
    ],
  });
}

function loadOf({ method, scheme, connections, rate }: LoadResult): string {
  const signed = scheme === 'none' ? 'unsigned' : scheme;
  const load = `${formatCount(connections, 'connection')} at ${formatNumber(rate)}/s`;
  return `${method}, ${signed}, ${load}`;
}
