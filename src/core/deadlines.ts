/**
 * Deadlines that all lie the same time ahead, so that insertion order is expiry order: adding and
 * removing is a few assignments, and one coarse timer serves every waiting item of a thread.
 *
 * A linked list and no Map: a Map in which entries come and go is built anew all the time, each
 * table that is left points to the next, and once one of them is old the collector keeps all that
 * follow it, with the calls that were in them: 1 MB for 2,500 calls until it stops the thread.
 */
export class Deadline<T> {
  readonly item: T;
  isSet = false;
  dueMs = 0;
  earlier: Deadline<T> | undefined = undefined;
  later: Deadline<T> | undefined = undefined;

  constructor(item: T) {
    this.item = item;
  }
}

export class Deadlines<T> {
  size = 0;
  private readonly timeoutMs: number;
  private first: Deadline<T> | undefined = undefined;
  private last: Deadline<T> | undefined = undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  /** Starts the item's time, or starts it anew. A deadline is of one list only. */
  set(deadline: Deadline<T>, nowMs: number): void {
    this.delete(deadline);
    const { last } = this;
    deadline.isSet = true;
    deadline.dueMs = nowMs + this.timeoutMs;
    deadline.earlier = last;
    if (last === undefined) this.first = deadline;
    else last.later = deadline;
    this.last = deadline;
    this.size++;
  }

  delete(deadline: Deadline<T>): void {
    if (!deadline.isSet) return;
    const { earlier, later } = deadline;
    if (earlier === undefined) this.first = later;
    else earlier.later = later;
    if (later === undefined) this.last = earlier;
    else later.earlier = earlier;
    deadline.isSet = false;
    deadline.earlier = undefined;
    deadline.later = undefined;
    this.size--;
  }

  /** Takes out what is due and hands it over, oldest first. */
  expire(nowMs: number, onExpired: (item: T) => void): void {
    for (let due = this.first; due !== undefined && due.dueMs <= nowMs; due = this.first) {
      this.delete(due);
      onExpired(due.item);
    }
  }
}
