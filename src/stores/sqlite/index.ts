/** What is kept in files of this host's disk: events, keys of calls, and the registry. */
export { openEventJournal, type SqliteJournalOptions } from './event-journal.ts';
export { openHistoryStore } from './history-store.ts';
export { openSqliteIdempotency } from './idempotency-driver.ts';
export { openSqliteRegistryStore, pendingSqliteMigrations } from './registry-store.ts';
