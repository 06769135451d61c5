/**
 * One process at a time on a state folder.
 *
 * The lock is SQLite's exclusive lock on an empty database, which on POSIX systems is a record lock
 * of the kernel: it ends with its process, kill -9 included, and holds between containers that
 * share the folder. A file with a process id can promise neither: ids are reused, and every
 * container has its own process 1. node:sqlite is part of Node and has no open file lock beside it.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { NonceStateError } from './state-error.ts';

const SQLITE_BUSY = 5;

export interface StateLock {
  release(): void;
}

/**
 * Takes the lock file, waiting up to waitMs for its holder.
 * Throws NonceStateError: 'locked', or 'unusable' where the file cannot be opened.
 */
export function lockStateFolder(path: string, waitMs: number): StateLock {
  try {
    createPrivateFile(path);
    const database = new DatabaseSync(path, { timeout: waitMs });
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      throw error;
    }
    return { release: () => database.close() };
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
      throw new NonceStateError(
        'locked',
        `Another gateway process uses ${path}: stop it, or give each its own stateDir.`,
        error,
      );
    }
    throw new NonceStateError('unusable', `The lock ${path} cannot be taken.`, error);
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
