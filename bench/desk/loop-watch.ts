/** How long the event loop of this thread stood still. */
const TICK_MS = 1;

export class LoopWatch {
  private lastMs = performance.now();
  private longestMs = 0;
  private readonly timer = setInterval(() => this.tick(), TICK_MS);

  /** The longest since the last time it was asked. */
  takeLongestMs(): number {
    this.tick();
    const { longestMs } = this;
    this.longestMs = 0;
    return longestMs;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.lastMs);
    this.lastMs = nowMs;
  }
}
