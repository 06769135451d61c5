/**
 * Which checks that prefer it run on the front thread. One that is valid saves the thread more than
 * it costs; one that is not is cost alone, and whoever sends many of them gets the pool.
 */
import type { Clock } from '../../core/clock.ts';

/** What the check must not cost more than; about twice what an upgrade in the handler saves. */
const COST_MAX_MICROS = 250;
/** What failed checks may take of a second. */
const FAILED_MICROS_PER_SECOND = 50_000;
const MS_PER_SECOND = 1_000;

export class PreferredInline {
  private readonly clock: Clock;
  /** Microseconds of failed checks that the thread has not recovered from. */
  private failedMicros = 0;
  private atMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.atMs = clock.monotonicMs();
  }

  admits(micros: number): boolean {
    if (micros > COST_MAX_MICROS) return false;
    const nowMs = this.clock.monotonicMs();
    const recovered = ((nowMs - this.atMs) / MS_PER_SECOND) * FAILED_MICROS_PER_SECOND;
    this.failedMicros = Math.max(0, this.failedMicros - recovered);
    this.atMs = nowMs;
    return this.failedMicros < FAILED_MICROS_PER_SECOND;
  }

  /** One that was admitted has failed. */
  charge(micros: number): void {
    this.failedMicros += micros;
  }
}
