/** Work in small steps, done in one go at the start of a front and in slices beside its traffic. */
import { setImmediate as nextLoopTurn } from 'node:timers/promises';
import type { Clock } from '../../core/clock.ts';

/** Records handled between two looks at the clock: about 50 µs of work. */
export const RECORDS_PER_LOOK = 128;

/** Yields where the work may pause. */
export type Steps<T> = Generator<undefined, T>;

export function inOneGo<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Gives the event loop a turn whenever `sliceMs` milliseconds of work are done. */
export async function inSlices<T>(steps: Steps<T>, sliceMs: number, clock: Clock): Promise<T> {
  let sliceEndsMs = clock.monotonicMs() + sliceMs;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (clock.monotonicMs() < sliceEndsMs) continue;
    await nextLoopTurn();
    sliceEndsMs = clock.monotonicMs() + sliceMs;
  }
}
