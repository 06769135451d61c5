/** A few durations, all of which count: nothing is put into buckets. */

/** Milliseconds. */
export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** By nearest rank, so that each is a duration that was seen; zeroes where there was none. */
export function timesOf(durationsMs: readonly number[]): Times {
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const at = (share: number) => hundredths(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
