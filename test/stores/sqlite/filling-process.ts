/**
 * Fills a disk with the journal, in a file system that is too small: what it does when there is no
 * room, and when there is room again. Tells all as one JSON document.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventJournalError } from '../../../src/stores/contracts.ts';
import { openEventJournal } from '../../../src/stores/sqlite/index.ts';
import { someEvents } from '../event-journal-events.ts';

const folder = process.argv[2]!;
const limits = { eventsMax: 1_000_000, bytesMax: 1_000_000_000 };
const path = join(folder, 'events.sqlite');
const ballast = join(folder, 'ballast');
const page = { eventsMax: 1_000_000, bytesMax: 1_000_000_000 };
const request = { topic: 'transfer-status', partnerId: 'nebula-pay', after: 0 };
const data = `"${'x'.repeat(5_000)}"`;

writeFileSync(ballast, Buffer.alloc(1_048_576));
let journal = openEventJournal({ path, ...limits });
const refusals: { code: string | undefined; headBefore: number; headAfter: number }[] = [];

function tryAppend(): boolean {
  const headBefore = journal.head;
  try {
    journal.append(someEvents(7, headBefore + 1, { data }));
    return true;
  } catch (error) {
    const code = error instanceof EventJournalError ? error.code : String(error);
    refusals.push({ code, headBefore, headAfter: journal.head });
    return false;
  }
}

function ids(): string[] {
  const found = journal.read(request, page);
  return found.kind === 'expired' ? [] : found.events.map(({ id }) => id);
}

while (tryAppend());
tryAppend();
const headWhenFull = journal.head;
const readWhenFull = ids().length;
rmSync(ballast);
const tookAgain = tryAppend();
const headInTheEnd = journal.head;
journal.close();
journal = openEventJournal({ path, ...limits });
const reopened = { head: journal.head, ids: ids() };
journal.close();
const facts = { refusals, headWhenFull, readWhenFull, tookAgain, headInTheEnd, reopened };
process.stdout.write(JSON.stringify(facts));
