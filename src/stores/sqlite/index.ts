/** What is kept in files of this host's disk: events, and the registry. */
export { openEventJournal, type SqliteJournalOptions } from './event-journal.ts';
export { openSqliteRegistryStore, pendingSqliteMigrations } from './registry-store.ts';
