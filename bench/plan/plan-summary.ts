import { pointName } from './plan-points.ts';
import type { PlanBenchResult, PlanPointResult } from './run-plan.ts';

/** What the model is to hold. */
export const P99_FACTOR_MAX = 1.5;
export const UTILIZATION_POINTS_MAX = 10;

/** How many times too high or too low, at least 1. */
export function p99Factor({ predicted, measured }: PlanPointResult): number {
  return timesApart(predicted.p99Ms, measured.p99Ms);
}

/** The same beside the p99 over all calls of the median round, in which stalls are. */
export function wholeP99Factor({ predicted, rounds }: PlanPointResult): number {
  const sorted = rounds.map(({ wholeP99Ms }) => wholeP99Ms).sort((a, b) => a - b);
  return timesApart(predicted.p99Ms, sorted[Math.floor(sorted.length / 2)]!);
}

function timesApart(one: number, other: number): number {
  return Math.max(one / other, other / one);
}

/** Percentage points. */
export function utilizationError({ predicted, measured }: PlanPointResult): number {
  return Math.abs(predicted.utilization - measured.utilization) * 100;
}

export function isHeld(point: PlanPointResult): boolean {
  return p99Factor(point) <= P99_FACTOR_MAX && utilizationError(point) <= UTILIZATION_POINTS_MAX;
}

export function planText({ points }: PlanBenchResult): string {
  const heading = ['point', 'p99 ms', 'said', 'factor', 'all calls', 'busy', 'said', 'off by', ''];
  const rows = points.map(point => {
    const { predicted, measured } = point;
    return [
      pointName(point),
      measured.p99Ms.toFixed(1),
      predicted.p99Ms.toFixed(1),
      p99Factor(point).toFixed(2),
      wholeP99Factor(point).toFixed(2),
      percent(measured.utilization),
      percent(predicted.utilization),
      utilizationError(point).toFixed(1),
      isHeld(point) ? 'held' : 'MISSED',
    ];
  });
  const all = [heading, ...rows];
  const widths = heading.map((_, i) => Math.max(...all.map(row => row[i]!.length)));
  const lines = all.map(row =>
    row
      .map((text, i) => (i === 0 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join('  '),
  );
  const held = points.filter(isHeld).length;
  const aim = `p99 within ${P99_FACTOR_MAX} times, ${UTILIZATION_POINTS_MAX} points of utilisation`;
  return `${lines.join('\n')}\n${held} of ${points.length} held: ${aim}.\n`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
