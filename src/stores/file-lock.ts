/**
 * The lock of one process on a file.
 *
 * It is SQLite's exclusive lock on an empty database, which on POSIX systems is a record lock of
 * the kernel: it ends with its process, kill -9 included, and holds between containers that share
 * the folder. A file with a process id can promise neither: ids are reused, and every container has
 * its own process 1. node:sqlite is part of Node and has no open file lock beside it.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export interface FileLock {
  release(): void;
}

/**
 * Takes the lock, waiting up to `waitMs` for its holder; undefined where that one keeps it. Makes
 * the file where it is not there.
 *
 * @throws what the file system or SQLite threw
 */
export function lockFile(path: string, waitMs: number): FileLock | undefined {
  createPrivateFile(path);
  const database = new DatabaseSync(path, { timeout: waitMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/**
 * What `act` returns, while nobody else has the lock: for a file that two processes write while one
 * takes the other's place.
 *
 * @throws Error that names the lock where it is held longer than `waitMs`; what `act` throws
 */
export function whileLocked<T>(path: string, waitMs: number, act: () => T): T {
  const lock = lockFile(path, waitMs);
  if (lock === undefined) throw new Error(`${path}: is held by another process`);
  try {
    return act();
  } finally {
    lock.release();
  }
}

/** Never opens a file that exists: closing it would drop this process's record lock on it. */
function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
