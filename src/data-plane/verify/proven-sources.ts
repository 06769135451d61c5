/** From which source each key has verified last, of the keys in use on this front. */
import type { KeyEntry } from '../../core/snapshot.ts';

/** At most twice as many are remembered, 100 bytes each. */
const KEYS_MAX = 16_384;

export class ProvenSources {
  private newer = new Map<number, string>();
  private older = new Map<number, string>();

  has({ serial }: KeyEntry, source: string): boolean {
    return (this.newer.get(serial) ?? this.older.get(serial)) === source;
  }

  add({ serial }: KeyEntry, source: string): void {
    if (this.newer.get(serial) === source) return;
    if (this.newer.size >= KEYS_MAX) {
      this.older = this.newer;
      this.newer = new Map();
    }
    this.newer.set(serial, source);
  }
}
