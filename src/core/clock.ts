/** Wall-clock and monotonic time, behind one interface so that tests own both. */
export interface Clock {
  /** Milliseconds since the epoch; may jump when the host's clock is set. */
  wallMs(): number;
  /** Milliseconds on a clock that never goes back, with sub-millisecond fractions. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
