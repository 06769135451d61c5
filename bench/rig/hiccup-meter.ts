/**
 * How late a timer of one millisecond fires in a thread that has nothing to do with it: what the
 * machine, or the thread's own work, did to whoever was waiting. After jHiccup.
 */
import type { Histogram } from 'hdr-histogram-js';
import { createHistogram, recordable } from './latency-histogram.ts';

const INTERVAL_MS = 1;

export class HiccupMeter {
  /** Microseconds of lateness. */
  readonly histogram: Histogram = createHistogram();
  private lastMs = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private recording = true;

  start(): this {
    this.lastMs = performance.now();
    this.timer = setTimeout(this.fire, INTERVAL_MS);
    return this;
  }

  /** Ends the loop; the histogram stays. */
  stop(): void {
    this.recording = false;
    clearTimeout(this.timer);
  }

  /**
   * A stall of 100 ms keeps a hundred firings from happening. They are counted with the lateness
   * that each would have had; else the meter itself would leave out what it is there to show.
   */
  private readonly fire = (): void => {
    if (!this.recording) return;
    const nowMs = performance.now();
    const lateMicros = recordable((nowMs - this.lastMs - INTERVAL_MS) * 1_000);
    this.histogram.recordValueWithExpectedInterval(lateMicros, INTERVAL_MS * 1_000);
    this.lastMs = nowMs;
    this.timer = setTimeout(this.fire, INTERVAL_MS);
  };
}
