import type { Clock } from '../../src/core/clock.ts';

/** A clock that the test moves: both hands together with `pass`, the wall alone with `setWall`. */
export class SettableClock implements Clock {
  private wall: number;
  private monotonic = 0;

  /** Starts at a whole second: drivers that round to seconds agree with those that do not. */
  constructor(wallMs = 1_900_000_000_000) {
    this.wall = wallMs;
  }

  wallMs(): number {
    return this.wall;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  pass(ms: number): void {
    this.wall += ms;
    this.monotonic += ms;
  }

  setWall(wallMs: number): void {
    this.wall = wallMs;
  }
}
