/**
 * Deadlines that lie at all distances (Varghese and Lauck, 1987): a ring of slots, each for a step
 * of time and all that come a turn of the ring later. Adding and removing is a few assignments; no
 * timer is made for an item, and one that is removed leaves nothing behind (core/deadlines.ts).
 */
const STEP_MS = 10;
const SLOTS = 1_024;

export class WheelDeadline<T> {
  readonly item: T;
  dueMs = 0;
  /** Below 0 while it is in no slot. */
  slot = -1;
  earlier: WheelDeadline<T> | undefined = undefined;
  later: WheelDeadline<T> | undefined = undefined;

  constructor(item: T) {
    this.item = item;
  }
}

export class DeadlineWheel<T> {
  size = 0;
  private readonly slots: (WheelDeadline<T> | undefined)[] = Array.from({ length: SLOTS });
  /** Steps up to it have been looked through. */
  private step: number;
  /** Looked at next while `advance` goes through a slot. */
  private upcoming: WheelDeadline<T> | undefined = undefined;

  constructor(nowMs: number) {
    this.step = Math.floor(nowMs / STEP_MS);
  }

  /** Once, for a deadline that is in no slot. */
  set(deadline: WheelDeadline<T>, dueMs: number): void {
    deadline.dueMs = dueMs;
    // What is due already comes with the next step.
    const step = Math.max(this.step + 1, Math.ceil(dueMs / STEP_MS));
    deadline.slot = step % SLOTS;
    const first = this.slots[deadline.slot];
    deadline.later = first;
    if (first !== undefined) first.earlier = deadline;
    this.slots[deadline.slot] = deadline;
    this.size++;
  }

  delete(deadline: WheelDeadline<T>): void {
    if (deadline.slot < 0) return;
    const { earlier, later } = deadline;
    if (deadline === this.upcoming) this.upcoming = later;
    if (earlier === undefined) this.slots[deadline.slot] = later;
    else earlier.later = later;
    if (later !== undefined) later.earlier = earlier;
    deadline.slot = -1;
    deadline.earlier = undefined;
    deadline.later = undefined;
    this.size--;
  }

  /** Takes out what is due and hands it over; `onDue` may take out others. */
  advance(nowMs: number, onDue: (item: T) => void): void {
    const until = Math.floor(nowMs / STEP_MS);
    // Behind a long pause each slot is looked through once.
    const from = Math.max(this.step + 1, until - SLOTS + 1);
    this.step = until;
    for (let step = from; step <= until; step++) this.takeDue(step % SLOTS, nowMs, onDue);
  }

  private takeDue(slot: number, nowMs: number, onDue: (item: T) => void): void {
    let deadline = this.slots[slot];
    while (deadline !== undefined) {
      this.upcoming = deadline.later;
      if (deadline.dueMs <= nowMs) {
        this.delete(deadline);
        onDue(deadline.item);
      }
      deadline = this.upcoming;
    }
  }
}
