/** What the operator's console costs, and how far off what it foretells is. */
import type { ConsoleBenchResult } from '../console/run-console.ts';
import { p99Factor, utilizationError, wholeP99Factor } from '../plan/plan-summary.ts';
import type { PlanBenchResult } from '../plan/run-plan.ts';
import { latestRuns } from './recorded-runs.ts';
import type { TableRow } from './table-row.ts';
import { count, figure, range } from './text.ts';

export function consoleRows(results: readonly ConsoleBenchResult[]): TableRow[] {
  const run = latestRuns(results)?.newest;
  if (run === undefined) return [];
  const percent = (ratio: number) => 100 * (ratio - 1);
  const { en, zh } = range(percent(Math.min(...run.ratios)), percent(Math.max(...run.ratios)));
  const main = figure(run.mainMicrosWith);
  const rate = count(run.rate);
  return [
    {
      what: {
        en:
          `CPU of a call while ${run.viewers} watches the console, against none; ` +
          `${rate} calls a second`,
        zh: `控制台有 ${run.viewers} 人观看时与无人观看时每次调用 CPU 之差；每秒 ${rate} 次调用`,
      },
      seen: {
        en:
          `${figure(percent(run.ratio))} % (${en} in ${run.ratios.length} pairs); ` +
          `telemetry and console on the main thread: ${main} µs a call`,
        zh:
          `${figure(percent(run.ratio))} %（${run.ratios.length} 对：${zh}）；` +
          `主线程上的遥测与控制台：每次调用 ${main} µs`,
      },
      command: 'npm run bench:console',
      run,
    },
  ];
}

export function planRows(results: readonly PlanBenchResult[]): TableRow[] {
  const run = latestRuns(results)?.newest;
  if (run === undefined) return [];
  const factor = figure(Math.max(...run.points.map(p99Factor)));
  const whole = figure(Math.max(...run.points.map(wholeP99Factor)));
  const points = figure(Math.max(...run.points.map(utilizationError)));
  return [
    {
      what: {
        en: `what \`xingyun plan\` says of ${run.points.length} points, against what they are`,
        zh: `\`xingyun plan\` 对 ${run.points.length} 个工况的预测与实测之差`,
      },
      seen: {
        en:
          `p99 of the median second at most ${factor} times off, ` +
          `of all calls, stalls included, ${whole} times; utilisation ${points} points`,
        zh:
          `中位秒的 p99 至多相差 ${factor} 倍，` +
          `含停顿的全部调用 ${whole} 倍；利用率至多相差 ${points} 个百分点`,
      },
      command: 'npm run bench:plan',
      run,
    },
  ];
}
