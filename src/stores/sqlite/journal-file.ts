/** The file of the event journal: made, told from other files, checked, opened. */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EventJournalError } from '../contracts.ts';

/** "xyEJ": tells our file from any other database. */
const APPLICATION_ID = 0x7879_454a;
const FORMAT_VERSION = 1;
/**
 * Larger files are opened without reading them whole: the check takes 1 ms a MiB from the page
 * cache, and what is damaged further in is still found when it is read.
 */
const CHECKED_MAX_BYTES = 1_073_741_824;
/** What the write-ahead log is cut to after a checkpoint. */
const LOG_KEPT_BYTES = 16_777_216;

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

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

/**
 * Opens the file, or makes it with a new id. The lock on it ends with the process, kill -9
 * included; what was committed is on the disk (write-ahead log, one fsync a transaction).
 *
 * @throws EventJournalError `unusable`
 */
export function openJournalFile(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    createPrivateFile(path);
    database = new DatabaseSync(path);
    // Exclusive before the log is opened: its index then is private memory and no file.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    requireOurs(database, path);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec(`PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`);
    if (readPragma(database, 'user_version') === 0) createSchema(database);
    requireSound(database, path);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof EventJournalError) throw error;
    throw new EventJournalError('unusable', sentenceFor(error, path), error);
  }
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

/** SQLite gives its log the permissions of the database. */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/**
 * Before anything is written: a file of somebody else stays as it is. A database of nothing is a
 * start of ours that was killed: `journal_mode` writes its page before the schema is committed.
 */
function requireOurs(database: DatabaseSync, path: string): void {
  const applicationId = readPragma(database, 'application_id');
  const version = readPragma(database, 'user_version');
  if (applicationId === 0 && version === 0 && isEmpty(database)) return;
  if (applicationId !== APPLICATION_ID) {
    throw new EventJournalError('unusable', `${path} is not an event journal: ${WAY_OUT}`);
  }
  if (version !== FORMAT_VERSION) {
    const made = `${path} was made by another version of the gateway (format ${version})`;
    throw new EventJournalError('unusable', `${made}: start that one, or ${WAY_OUT}`);
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function createSchema(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  database.exec(SCHEMA);
  const insert = database.prepare('INSERT INTO journal VALUES (?, 0)');
  insert.run(randomBytes(4).toString('hex'));
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
  database.exec(`PRAGMA user_version = ${FORMAT_VERSION}`);
  database.exec('COMMIT');
}

function requireSound(database: DatabaseSync, path: string): void {
  if (statSync(path).size > CHECKED_MAX_BYTES) return;
  const { quick_check: found } = database.prepare('PRAGMA quick_check(1)').get()!;
  if (found !== 'ok') throw new EventJournalError('unusable', damaged(path));
}

function readPragma(database: DatabaseSync, name: string): number {
  return Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0] as number;
}

/** Not a copy of yesterday: its next sequences were given to other events already. */
const WAY_OUT =
  'move it and the file with -wal beside it away. The gateway then starts with an empty journal, ' +
  'and every cursor has expired.';

function damaged(path: string): string {
  return `The event journal ${path} is damaged: ${WAY_OUT}`;
}

function sentenceFor(error: unknown, path: string): string {
  switch (primaryCode(error)) {
    case SQLITE_BUSY:
      return `Another process uses ${path}: stop it, or give each gateway its own stateDir.`;
    case SQLITE_CORRUPT:
      return damaged(path);
    case SQLITE_NOTADB:
      return `${path} is not an event journal: ${WAY_OUT}`;
    default:
      return `The event journal ${path} cannot be opened: ${(error as Error).message}.`;
  }
}

/** The primary result code, which is in the lowest byte; undefined where SQLite threw nothing. */
function primaryCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}
