/** The health of one target in shared memory. */
import type { TargetHealth } from '../health-contract.ts';
import { TARGET_BYTES } from './health-layout.ts';

/** Of the place, in words of 64 bits: aligned stores of them do not tear. */
const EJECTED_UNTIL = 1;
const BACK_SINCE = 2;
/** In words of 32 bits. */
const FAILURES = 6;
const DOWN = 7;
const EJECTIONS = 8;

/** Where it is. */
export interface TargetPlace {
  readonly buffer: SharedArrayBuffer;
  readonly offset: number;
  /** Its first word is the table's version. */
  readonly header: Int32Array;
  /** A word of each front. */
  readonly calls: readonly Int32Array[];
  /** The word that this thread writes. */
  readonly ownCalls: Int32Array;
}

export class SharedTargetHealth implements TargetHealth {
  private readonly times: Float64Array;
  private readonly words: Int32Array;
  private readonly header: Int32Array;
  private readonly calls: readonly Int32Array[];
  private readonly ownCalls: Int32Array;

  constructor({ buffer, offset, header, calls, ownCalls }: TargetPlace) {
    this.times = new Float64Array(buffer, offset, TARGET_BYTES / 8);
    this.words = new Int32Array(buffer, offset, TARGET_BYTES / 4);
    this.header = header;
    this.calls = calls;
    this.ownCalls = ownCalls;
  }

  get callsInFlight(): number {
    let sum = 0;
    for (const [count] of this.calls) sum += count!;
    return sum;
  }

  showCalls(count: number): void {
    this.ownCalls[0] = count;
  }

  get isDown(): boolean {
    return Atomics.load(this.words, DOWN) === 1;
  }

  get ejectedUntilMs(): number {
    return this.times[EJECTED_UNTIL]!;
  }

  get backSinceMs(): number {
    return this.times[BACK_SINCE]!;
  }

  get ejections(): number {
    return Atomics.load(this.words, EJECTIONS);
  }

  countFailure(): number {
    return Atomics.add(this.words, FAILURES, 1) + 1;
  }

  /** Reads first: a line that nobody writes stays in the caches of all cores. */
  clearFailures(): void {
    if (Atomics.load(this.words, FAILURES) !== 0) Atomics.store(this.words, FAILURES, 0);
  }

  eject(untilMs: number, ejections: number): void {
    this.times[EJECTED_UNTIL] = untilMs;
    this.times[BACK_SINCE] = untilMs;
    Atomics.store(this.words, EJECTIONS, ejections);
    Atomics.store(this.words, FAILURES, 0);
    Atomics.add(this.header, 0, 1);
  }

  /** The checks say so; `nowMs` is when it comes back where it is not down any more. */
  setDown(isDown: boolean, nowMs: number): void {
    if (!isDown) this.times[BACK_SINCE] = Math.max(nowMs, this.times[EJECTED_UNTIL]!);
    Atomics.store(this.words, DOWN, isDown ? 1 : 0);
    Atomics.add(this.header, 0, 1);
  }
}
