import { pointName } from './plan-points.ts';
import type { PlanBenchResult, PlanPointResult } from './run-plan.ts';

/** What the model is to hold. */
export const P99_FACTOR_MAX = 1.5;
export const UTILIZATION_POINTS_MAX = 10;

/** How many times too high or too low, at least 1. */
export function p99Factor({ predicted, measured }: PlanPointResult): number {
  const ratio = predicted.p99Ms / measured.p99Ms;
  return Math.max(ratio, 1 / ratio);
}

/** Percentage points. */
export function utilizationError({ predicted, measured }: PlanPointResult): number {
  return Math.abs(predicted.utilization - measured.utilization) * 100;
}

export function isHeld(point: PlanPointResult): boolean {
  return p99Factor(point) <= P99_FACTOR_MAX && utilizationError(point) <= UTILIZATION_POINTS_MAX;
}

export function planText({ points }: PlanBenchResult): string {
  const heading = ['point', 'p99 ms', 'said', 'factor', 'busy', 'said', 'off by', ''];
  const rows = points.map(point => {
    const { predicted, measured } = point;
    return [
      pointName(point),
      measured.p99Ms.toFixed(1),
      predicted.p99Ms.toFixed(1),
      p99Factor(point).toFixed(2),
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
