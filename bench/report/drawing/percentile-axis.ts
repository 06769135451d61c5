import type { Axis, Tick } from './axis.ts';

/** Ten million latencies; a longer run has its slowest at the end all the same. */
const DECADES_MAX = 7;
const DECADES_MIN = 2;

/**
 * The axis of HdrHistogram's plots: each further nine takes as much room as the one before, so that
 * the slowest thousandth is as wide as the slowest tenth. Ends where one request is the rest.
 * @param count of latencies in the largest of the runs
 */
export function percentileAxis(count: number): Axis {
  const reached = Math.log10(Math.max(1, count));
  const decades = Math.min(DECADES_MAX, Math.max(DECADES_MIN, reached));
  const position = (percentile: number) => {
    if (Number.isNaN(percentile)) return undefined;
    if (percentile >= 100) return 1;
    return Math.min(1, Math.max(0, -Math.log10(1 - percentile / 100)) / decades);
  };
  const nines = Array.from({ length: Math.floor(decades) }, (_, index) => nineTick(index + 1));
  const ticks = [{ percentile: 0, label: '' }, { percentile: 50, label: '50%' }, ...nines];
  return {
    label: 'percentile, each further nine as wide as the last',
    ticks: ticks.map(
      ({ percentile, label }): Tick => ({
        at: position(percentile)!,
        label,
        isExtra: label.length > 6,
      }),
    ),
    position,
  };
}

/** The percentile at which the slowest of so many stands: nothing is known beyond it. */
export function lastPercentile(count: number): number {
  return count <= 1 ? 0 : 100 * (1 - 1 / count);
}

function nineTick(nines: number): { percentile: number; label: string } {
  return { percentile: 100 - 10 ** (2 - nines), label: nineLabel(nines) };
}

/** One nine is 90%, four are 99.99%. */
function nineLabel(nines: number): string {
  if (nines === 1) return '90%';
  return nines === 2 ? '99%' : `99.${'9'.repeat(nines - 2)}%`;
}
