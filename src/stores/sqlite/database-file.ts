/** A database of ours in a file: made, told from other files, checked, opened by one process. */
import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What tells one of our files from the others, in the file and in sentences. */
export interface FileFormat {
  /** "event journal". */
  readonly noun: string;
  /** In the file's header (https://www.sqlite.org/fileformat.html, section 1.3.17). */
  readonly applicationId: number;
  /** Files of another one are refused. From 1. */
  readonly version: number;
  /** What to do about a file that cannot be used: goes on after a colon. */
  readonly wayOut: string;
  /** Processes on one host may have it open at once; otherwise one has it for itself. */
  readonly isShared?: boolean;
  /** Fills a new file, within the transaction that makes it ours. */
  create(database: DatabaseSync): void;
  /** The error of the store that it belongs to. */
  unusable(message: string, cause?: unknown): Error;
}

/**
 * Larger files are opened without reading them whole: the check takes 1 ms a MiB from the page
 * cache, and what is damaged further in is still found when it is read.
 */
const CHECKED_MAX_BYTES = 1_073_741_824;
/** What the write-ahead log is cut to after a checkpoint. */
const LOG_KEPT_BYTES = 16_777_216;
/** How long a transaction waits for that of another process. */
const SHARED_WAIT_MS = 1_000;

/** Primary result codes (https://www.sqlite.org/rescode.html). */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
export const SQLITE_IOERR = 10;
export const SQLITE_FULL = 13;

/**
 * Opens the file, or makes it. The lock on it ends with the process, kill -9 included; what was
 * committed is on the disk (write-ahead log, one fsync a transaction).
 *
 * @throws what `format.unusable` makes
 */
export function openDatabaseFile(path: string, format: FileFormat): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    createPrivateFile(path);
    database = new DatabaseSync(path);
    if (format.isShared) database.exec(`PRAGMA busy_timeout = ${SHARED_WAIT_MS}`);
    // Exclusive before the log is opened: its index then is private memory and no file.
    else database.exec('PRAGMA locking_mode = EXCLUSIVE');
    requireOurs(database, path, format);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec(`PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`);
    if (readPragma(database, 'user_version') === 0) createContents(database, format);
    requireSound(database, path, format);
    return database;
  } catch (error) {
    database?.close();
    if (primaryCode(error) === undefined && !isSystemError(error)) throw error;
    throw format.unusable(sentenceFor(error, path, format), error);
  }
}

/** The primary result code, which is in the lowest byte; undefined where SQLite threw nothing. */
export function primaryCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

function isSystemError(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
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
 * start of ours that was killed: `journal_mode` writes its page before the contents are committed.
 */
function requireOurs(database: DatabaseSync, path: string, format: FileFormat): void {
  const applicationId = readPragma(database, 'application_id');
  const version = readPragma(database, 'user_version');
  if (applicationId === 0 && version === 0 && isEmpty(database)) return;
  if (applicationId !== format.applicationId) throw format.unusable(notOurs(path, format));
  if (version !== format.version) {
    const made = `${path} was made by another version of the gateway (format ${version})`;
    throw format.unusable(`${made}: start that one, or ${format.wayOut}`);
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function createContents(database: DatabaseSync, format: FileFormat): void {
  database.exec('BEGIN IMMEDIATE');
  format.create(database);
  database.exec(`PRAGMA application_id = ${format.applicationId}`);
  database.exec(`PRAGMA user_version = ${format.version}`);
  database.exec('COMMIT');
}

function requireSound(database: DatabaseSync, path: string, format: FileFormat): void {
  if (statSync(path).size > CHECKED_MAX_BYTES) return;
  const { quick_check: found } = database.prepare('PRAGMA quick_check(1)').get()!;
  if (found !== 'ok') throw format.unusable(damaged(path, format));
}

function readPragma(database: DatabaseSync, name: string): number {
  return Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0] as number;
}

function damaged(path: string, { noun, wayOut }: FileFormat): string {
  return `The ${noun} ${path} is damaged: ${wayOut}`;
}

function notOurs(path: string, { noun, wayOut }: FileFormat): string {
  const article = /^[aeio]/.test(noun) ? 'an' : 'a';
  return `${path} is not ${article} ${noun}: ${wayOut}`;
}

function sentenceFor(error: unknown, path: string, format: FileFormat): string {
  switch (primaryCode(error)) {
    case SQLITE_BUSY:
      return `Another process uses ${path}: stop it, or give each gateway its own stateDir.`;
    case SQLITE_CORRUPT:
      return damaged(path, format);
    case SQLITE_NOTADB:
      return notOurs(path, format);
    default:
      return `The ${format.noun} ${path} cannot be opened: ${(error as Error).message}.`;
  }
}
