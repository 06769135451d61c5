/** A gateway's part in a kill: appends one list of events after another, tells each on stdout. */
import { writeSync } from 'node:fs';
import { openEventJournal } from '../../../src/stores/sqlite/index.ts';
import { someEvents } from '../event-journal-events.ts';

const [path, each] = process.argv.slice(2) as [string, string];
const limits = { eventsMax: 1_000_000, bytesMax: 1_000_000_000 };
const journal = openEventJournal({ path, ...limits });
for (let i = 0; i < 100_000; i++) {
  const events = someEvents(Number(each), i * Number(each) + 1);
  const sequences = journal.append(events).map(({ sequence }) => sequence);
  writeSync(1, `${JSON.stringify(events.map(({ id }, at) => [id, sequences[at]]))}\n`);
}
