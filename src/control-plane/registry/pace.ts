/** Lets the event loop turn between slices of long work: the main thread answers requests too. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';

const SLICE_MS = 5;
/** Steps between two looks at the clock, which costs as much as a small step. */
const STEPS = 16;

export class Pace {
  private readonly clock: Clock;
  private sliceEndMs: number;
  private steps = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.sliceEndMs = clock.monotonicMs() + SLICE_MS;
  }

  /** Counts a step; where the slice is over, the caller awaits {@link rest}. */
  isOver(): boolean {
    if (++this.steps < STEPS) return false;
    this.steps = 0;
    return this.clock.monotonicMs() >= this.sliceEndMs;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.sliceEndMs = this.clock.monotonicMs() + SLICE_MS;
  }
}
