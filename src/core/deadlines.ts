/**
 * Deadlines that all lie the same time ahead, so that insertion order is expiry order: adding and
 * removing is one Set operation, and one coarse timer serves every waiting item of a thread.
 */
export class Deadlines<T> {
  private readonly timeoutMs: number;
  private readonly due = new Map<T, number>();

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.due.size;
  }

  /** Starts the item's time anew. */
  set(item: T, nowMs: number): void {
    this.due.delete(item);
    this.due.set(item, nowMs + this.timeoutMs);
  }

  delete(item: T): void {
    this.due.delete(item);
  }

  /** Takes out what is due and hands it over, oldest first. */
  expire(nowMs: number, onExpired: (item: T) => void): void {
    for (const [item, dueMs] of this.due) {
      if (dueMs > nowMs) return;
      this.due.delete(item);
      onExpired(item);
    }
  }
}
