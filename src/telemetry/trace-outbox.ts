import type { CallTrace, TraceRecorder } from '../core/call-trace.ts';
import type { CounterSet } from '../core/counters.ts';

/** A batch leaves when it has this many calls, at the latest after the interval. */
const BATCH_CALLS = 64;
const HAND_OVER_INTERVAL_MS = 200;
/** Calls, about 1 KB each, that the main thread has not taken: beyond it they are dropped. */
const UNTAKEN_MAX_CALLS = 2_048;

export interface TraceOutboxOptions {
  readonly counters: CounterSet;
  readonly post: (calls: readonly CallTrace[]) => void;
}

/** The front's side of tracing: sampled calls leave in batches, and are never waited for. */
export class TraceOutbox implements TraceRecorder {
  private readonly counters: CounterSet;
  private readonly post: (calls: readonly CallTrace[]) => void;
  private readonly timer: NodeJS.Timeout;
  private waiting: CallTrace[] = [];
  private posted = 0;

  constructor({ counters, post }: TraceOutboxOptions) {
    this.counters = counters;
    this.post = post;
    this.timer = setInterval(() => this.flush(), HAND_OVER_INTERVAL_MS);
    this.timer.unref();
  }

  append(call: CallTrace): void {
    if (this.posted + this.waiting.length >= UNTAKEN_MAX_CALLS) {
      this.counters.add('trace_calls_dropped');
      return;
    }
    this.waiting.push(call);
    if (this.waiting.length >= BATCH_CALLS) this.flush();
  }

  /** The main thread has taken so many of those that were posted. */
  taken(calls: number): void {
    this.posted = Math.max(0, this.posted - calls);
  }

  /** Hands over the rest and stops the timer. */
  close(): void {
    clearInterval(this.timer);
    this.flush();
  }

  private flush(): void {
    if (this.waiting.length === 0) return;
    const calls = this.waiting;
    this.waiting = [];
    this.posted += calls.length;
    this.post(calls);
  }
}
