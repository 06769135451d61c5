/**
 * How many calls may be in flight, found out by how long they wait before they are sent on (after
 * CoDel, RFC 8289): where even the least wait of two intervals is above the target, a queue stands
 * that no burst explains, and fewer are let in; where calls wait less, more are.
 *
 * A share of them is kept for each priority, so that low ones are refused first and high ones last.
 */
import type { CounterSet } from '../../core/counters.ts';
import type { Priority } from '../../core/snapshot.ts';

/** What works at once even where every call waits: two batches of checks and their upstreams. */
const IN_FLIGHT_MIN = 128;
const SHRINK = 0.85;
const GROW = 1.1;

/** Of the calls in flight: beyond it this priority waits for better times. */
const SHARES: Readonly<Record<Priority, number>> = { high: 1, normal: 0.9, low: 0.7 };

export interface OverloadOptions {
  readonly targetMs: number;
  readonly inFlightMax: number;
  readonly counters: CounterSet;
}

export class OverloadControl {
  private readonly options: OverloadOptions;
  private readonly timer: NodeJS.Timeout;
  private limit: number;
  private leastWaitMs = Number.POSITIVE_INFINITY;
  /** In the interval that is under way. */
  private mostInFlight = 0;
  private wasLate = false;

  constructor(options: OverloadOptions, intervalMs: number) {
    this.options = options;
    this.limit = options.inFlightMax;
    options.counters.set('overload_in_flight_limit', this.limit);
    this.timer = setInterval(() => this.adjust(), intervalMs).unref();
  }

  /** How long a call took from its whole arrival until it was sent on. */
  observe(waitMs: number): void {
    if (waitMs < this.leastWaitMs) this.leastWaitMs = waitMs;
  }

  /** Whether calls of any priority may come in, so that nobody's needs to be known. */
  get isCalm(): boolean {
    const inFlight = this.options.counters.get('exchanges_in_flight');
    if (inFlight > this.mostInFlight) this.mostInFlight = inFlight;
    // Where nothing has shrunk it the limit is the configured one, which admission holds calls to.
    return this.limit >= this.options.inFlightMax || inFlight < this.limit * SHARES.low;
  }

  refuses(priority: Priority): boolean {
    return this.options.counters.get('exchanges_in_flight') >= this.limit * SHARES[priority];
  }

  /** Ends an interval. */
  adjust(): void {
    const { targetMs, inFlightMax, counters } = this.options;
    const isLate = this.leastWaitMs !== Number.POSITIVE_INFINITY && this.leastWaitMs > targetMs;
    // One interval may be a pause of the thread, which is over by now.
    if (isLate && this.wasLate) {
      const inUse = Math.min(this.limit, this.mostInFlight);
      this.limit = Math.max(IN_FLIGHT_MIN, inUse * SHRINK);
    } else if (!isLate && this.limit < inFlightMax) {
      this.limit = Math.min(inFlightMax, this.limit * GROW);
    }
    this.wasLate = isLate;
    this.leastWaitMs = Number.POSITIVE_INFINITY;
    this.mostInFlight = 0;
    counters.set('overload_in_flight_limit', this.limit);
  }

  close(): void {
    clearInterval(this.timer);
  }
}
