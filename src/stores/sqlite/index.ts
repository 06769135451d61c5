/** Events in a file of this host's disk. */
export { openEventJournal, type SqliteJournalOptions } from './event-journal.ts';
