import type { Axis, Tick } from './axis.ts';

/** Ten million answers; a longer run keeps its last decade at the end. */
const DECADES_MAX = 7;
const DECADES_MIN = 2;

/**
 * The axis of HdrHistogram's plots: each further nine takes as much room as the one before, so that
 * the slowest thousandth is as wide as the slowest tenth. Ends where one answer is the rest.
 * @param answers in the largest of the runs
 */
export function percentileAxis(answers: number): Axis {
  const reached = Math.log10(Math.max(1, answers));
  const decades = Math.min(DECADES_MAX, Math.max(DECADES_MIN, reached));
  const position = (percentile: number) => {
    if (Number.isNaN(percentile)) return undefined;
    if (percentile >= 100) return 1;
    return Math.min(1, Math.max(0, -Math.log10(1 - percentile / 100)) / decades);
  };
  const nines = Array.from({ length: Math.floor(decades) }, (_, index) => nineTick(index + 1));
  const ticks = [{ percentile: 0, label: '0%' }, { percentile: 50, label: '50%' }, ...nines];
  return {
    label: 'percentile of answers, each further nine as wide as the last',
    ticks: ticks.map(
      ({ percentile, label }): Tick => ({
        at: position(percentile)!,
        label,
        isExtra: percentile === 50 || label.length > 6,
      }),
    ),
    position,
  };
}

/** The percentile at which a run's slowest answer stands: nothing is known beyond it. */
export function lastPercentile(answers: number): number {
  return answers <= 1 ? 0 : 100 * (1 - 1 / answers);
}

function nineTick(nines: number): { percentile: number; label: string } {
  return { percentile: 100 - 10 ** (2 - nines), label: nineLabel(nines) };
}

/** One nine is 90%, four are 99.99%. */
function nineLabel(nines: number): string {
  if (nines === 1) return '90%';
  return nines === 2 ? '99%' : `99.${'9'.repeat(nines - 2)}%`;
}
