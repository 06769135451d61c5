import { LRUCache } from 'lru-cache';
import { type ProgramEntry, programEntry } from '../../core/conversion.ts';
import type { PayloadRecord } from '../../core/snapshot.ts';

/** Programs whose serials are remembered; one that is not gets another, and is compiled again. */
const PROGRAMS_MAX = 65_536;

/**
 * One entry for each program of the registry, the same as long as its source is: a swap of the
 * snapshot has nothing compiled again that did not change.
 */
export class ProgramTable {
  private readonly entries = new LRUCache<string, ProgramEntry>({ max: PROGRAMS_MAX });

  entryOf({ id, source }: PayloadRecord): ProgramEntry {
    let entry = this.entries.get(id);
    if (entry === undefined) {
      entry = programEntry(source);
      this.entries.set(id, entry);
    }
    return entry;
  }
}
