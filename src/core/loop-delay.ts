import { createHistogram, performance } from 'node:perf_hooks';

/** How often the event loop's delay is measured; it sees stalls from 1 ms upwards. */
const RESOLUTION_MS = 20;

/** Seconds that the loop of a thread was late. */
export interface LoopDelayFigures {
  readonly p50Seconds: number;
  readonly p99Seconds: number;
  readonly maxSeconds: number;
}

/**
 * How much later than asked a timer of this thread fires. Not monitorEventLoopDelay: its reset
 * forgets the time of the last firing, and with it a stall that falls on the first interval. The
 * timer keeps no thread alive.
 */
export class LoopDelay {
  /** Nanoseconds. */
  private readonly delays = createHistogram();
  private readonly timer: NodeJS.Timeout;
  private lastMs = performance.now();

  constructor() {
    this.timer = setInterval(() => this.note(), RESOLUTION_MS).unref();
  }

  /** Of the time since it was read last. */
  read(): LoopDelayFigures {
    const figures = {
      p50Seconds: this.seconds(50),
      p99Seconds: this.seconds(99),
      maxSeconds: this.seconds(100),
    };
    this.delays.reset();
    return figures;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private note(): void {
    const nowMs = performance.now();
    const lateMs = nowMs - this.lastMs - RESOLUTION_MS;
    this.lastMs = nowMs;
    // The histogram takes whole numbers from 1 upwards.
    this.delays.record(Math.max(Math.round(lateMs * 1e6), 1));
  }

  /** An empty histogram, which answers with odd values, means that nothing was measured. */
  private seconds(percentile: number): number {
    return this.delays.count === 0 ? 0 : this.delays.percentile(percentile) / 1e9;
  }
}
