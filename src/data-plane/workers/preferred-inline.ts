/**
 * Which checks that prefer it run on the front thread. One that is cheap and valid saves the thread
 * more than it costs; any other is cost alone, and where there are many of them they get the pool.
 */
import type { Clock } from '../../core/clock.ts';

/** A pause of the thread that other calls bear now and then. */
const COST_MAX_MICROS = 1_000;
/** About twice what an upgrade in the handler saves; what costs more is charged in any case. */
const SAVING_MICROS = 250;
/** What checks that save nothing may take of a second. */
const CHARGED_MICROS_PER_SECOND = 50_000;
const MS_PER_SECOND = 1_000;

export class PreferredInline {
  private readonly clock: Clock;
  /** Microseconds of charged checks that the thread has not recovered from. */
  private chargedMicros = 0;
  private atMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.atMs = clock.monotonicMs();
  }

  admits(micros: number): boolean {
    if (micros > COST_MAX_MICROS) return false;
    const nowMs = this.clock.monotonicMs();
    const recovered = ((nowMs - this.atMs) / MS_PER_SECOND) * CHARGED_MICROS_PER_SECOND;
    this.chargedMicros = Math.max(0, this.chargedMicros - recovered);
    this.atMs = nowMs;
    return this.chargedMicros < CHARGED_MICROS_PER_SECOND;
  }

  /** One that was admitted has run. */
  settle(micros: number, isValid: boolean): void {
    if (!isValid || micros > SAVING_MICROS) this.chargedMicros += micros;
  }
}
