/**
 * Lets so many go evenly over a time: connections that are sent elsewhere come there one after
 * another, and whoever takes them has time for each.
 */
export class EvenRelease {
  private readonly perMs: number;
  private readonly fromMs: number;
  private readonly untilMs: number;
  private released = 0;

  /** With `overMs` 0 all may go at once. */
  constructor(count: number, overMs: number, nowMs: number) {
    this.perMs = count / overMs;
    this.fromMs = nowMs;
    this.untilMs = nowMs + overMs;
  }

  /** Whether one more may go now, which counts as gone where it may. */
  isDue(nowMs: number): boolean {
    if (nowMs >= this.untilMs) return true;
    if (this.released >= (nowMs - this.fromMs) * this.perMs) return false;
    this.released += 1;
    return true;
  }
}
