/** First in, first out, for due times in milliseconds: no object per entry. */
export class DueQueue {
  private entries = new Float64Array(1_024);
  private head = 0;
  private tail = 0;

  get length(): number {
    return this.tail - this.head;
  }

  push(dueMs: number): void {
    if (this.tail === this.entries.length) this.makeRoom();
    this.entries[this.tail] = dueMs;
    this.tail += 1;
  }

  /** The oldest; NaN where it is empty. */
  shift(): number {
    if (this.head === this.tail) return Number.NaN;
    const dueMs = this.entries[this.head]!;
    this.head += 1;
    return dueMs;
  }

  private makeRoom(): void {
    const { length } = this;
    const larger = length * 2 > this.entries.length;
    const entries = larger ? new Float64Array(this.entries.length * 2) : this.entries;
    entries.set(this.entries.subarray(this.head, this.tail));
    this.entries = entries;
    this.head = 0;
    this.tail = length;
  }
}
