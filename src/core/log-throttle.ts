/**
 * One line a second for each cause: an upstream that is down would otherwise write a line for every
 * call, at the moment when the process has the least to spare.
 */
const INTERVAL_MS = 1_000;
/** Causes remembered at once; beyond it all are forgotten and speak anew. */
const CAUSES_MAX = 1_024;

interface Spoken {
  atMs: number;
  suppressed: number;
}

export class LogThrottle {
  private readonly byCause = new Map<string, Spoken>();

  /** How many lines of this cause were left out since the last one, or undefined: leave it out. */
  admit(cause: string, nowMs: number): number | undefined {
    const spoken = this.byCause.get(cause);
    if (spoken === undefined) {
      if (this.byCause.size >= CAUSES_MAX) this.byCause.clear();
      this.byCause.set(cause, { atMs: nowMs, suppressed: 0 });
      return 0;
    }
    if (nowMs - spoken.atMs < INTERVAL_MS) {
      spoken.suppressed += 1;
      return undefined;
    }
    const { suppressed } = spoken;
    spoken.atMs = nowMs;
    spoken.suppressed = 0;
    return suppressed;
  }
}
