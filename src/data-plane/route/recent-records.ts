/**
 * Records that were read out of pages lately. Two maps take turns: a full one becomes the older,
 * and what is still asked for moves out of it, so that forgetting costs nothing per record.
 */
export class RecentRecords<T> {
  private readonly recordsMax: number;
  private newer = new Map<string, T>();
  private older = new Map<string, T>();

  /** @param recordsMax at which the maps change places; at most twice as many are held */
  constructor(recordsMax: number) {
    this.recordsMax = recordsMax;
  }

  get(id: string): T | undefined {
    const recent = this.newer.get(id);
    if (recent !== undefined) return recent;
    const before = this.older.get(id);
    if (before !== undefined) this.keep(id, before);
    return before;
  }

  keep(id: string, record: T): void {
    if (this.newer.size >= this.recordsMax) {
      this.older = this.newer;
      this.newer = new Map();
    }
    this.newer.set(id, record);
  }
}
