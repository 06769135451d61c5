import { LRUCache } from 'lru-cache';
import { type ProgramEntry, programEntry } from '../../core/conversion.ts';
import type { PayloadRecord } from '../../core/snapshot.ts';

/**
 * Programs whose serials are remembered, by the characters of their sources, those that a registry
 * of before had among them; one that is not remembered gets another serial and is compiled again.
 */
const SOURCES_MAX_CHARACTERS = 134_217_728;

/**
 * One entry for each program of the registry, the same as long as its source is: a swap of the
 * snapshot has nothing compiled again that did not change.
 */
export class ProgramTable {
  private readonly entries = new LRUCache<string, ProgramEntry>({
    maxSize: SOURCES_MAX_CHARACTERS,
    sizeCalculation: ({ source }) => source.length,
  });

  entryOf({ id, source }: PayloadRecord): ProgramEntry {
    let entry = this.entries.get(id);
    if (entry === undefined) {
      entry = programEntry(source);
      this.entries.set(id, entry);
    }
    return entry;
  }
}
