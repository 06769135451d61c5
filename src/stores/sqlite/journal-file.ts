/** The file of the event journal: what is in it, and what its errors say. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { EventJournalError } from '../contracts.ts';
import { type FileFormat, openDatabaseFile, primaryCode, SQLITE_FULL } from './database-file.ts';

/**
 * A row is one event; `bytesThrough` adds up all events ever appended, so that no sum over the
 * table is needed. An event that is everyone's has the partner ''. `lapsed` holds, for each topic
 * and partner, the last event that was let go of; pairs without a row are at `lapsedFloor`.
 */
const SCHEMA = `
  CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    partner TEXT NOT NULL,
    id TEXT NOT NULL,
    time TEXT NOT NULL,
    data TEXT NOT NULL,
    bytesThrough INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_id ON events (topic, id);
  CREATE INDEX events_by_reader ON events (topic, partner, sequence);
  CREATE TABLE lapsed (
    topic TEXT NOT NULL,
    partner TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (topic, partner)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE journal (journalId TEXT NOT NULL, lapsedFloor INTEGER NOT NULL) STRICT;
`;

const JOURNAL: FileFormat = {
  noun: 'event journal',
  /** "xyEJ" */
  applicationId: 0x7879_454a,
  version: 1,
  // While one process takes over from another; only one of them writes.
  isShared: true,
  /** Not a copy of yesterday: its next sequences were given to other events already. */
  wayOut:
    'move it and the file with -wal beside it away. The gateway then starts with an empty ' +
    'journal, and every cursor has expired.',
  create(database) {
    database.exec(SCHEMA);
    const insert = database.prepare('INSERT INTO journal VALUES (?, 0)');
    insert.run(randomBytes(4).toString('hex'));
  },
  unusable: (message, cause) => new EventJournalError('unusable', message, cause),
};

/**
 * Opens the journal's file, or makes it with a new id.
 *
 * @throws EventJournalError `unusable`
 */
export function openJournalFile(path: string): DatabaseSync {
  return openDatabaseFile(path, JOURNAL);
}

/** What SQLite threw while the journal was in use, as its contract says it; a bug as it is. */
export function operationError(error: unknown): unknown {
  const code = primaryCode(error);
  if (code === undefined) return error;
  if (code === SQLITE_FULL) {
    return new EventJournalError('full', 'The disk has no room for the event journal.', error);
  }
  const reason = (error as Error).message;
  return new EventJournalError('failed', `The event journal cannot be used: ${reason}.`, error);
}
