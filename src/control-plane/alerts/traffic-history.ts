/**
 * What rules are judged by: the traffic of all fronts together, over the last so many seconds.
 * Whoever keeps the history implements it; the alerts only ask.
 */
export interface TrafficWindow {
  /** Recorded, refused ones included. */
  readonly exchanges: number;
  /** Answered with a status below 400. */
  readonly good: number;
  /** With a status of 5xx, of ours or of the upstream; refusals in an overload are among them. */
  readonly failed: number;
  readonly aborted: number;
  /** By problem name; those that did not occur may be absent. */
  readonly problems: Readonly<Record<string, number>>;
  /** What the window covers. */
  readonly seconds: number;
  /** Share of exchanges, from 0 to 1, that took longer. */
  shareAbove(ms: number): number;
  /** Of one histogram of the whole window, never of percentiles; `q` from 0 to 1. */
  quantileMs(q: number): number;
}

export interface TrafficHistory {
  /**
   * Figures of the last so many seconds; undefined where it does not reach back so far yet. What is
   * handed out stays as it is: it may be looked at again a little later.
   */
  last(seconds: number): TrafficWindow | undefined;
}
