/** One process at a time on a state folder. */
import { type FileLock, lockFile } from '../file-lock.ts';
import { NonceStateError } from './state-error.ts';

/**
 * Takes the lock file, waiting up to waitMs for its holder.
 * Throws NonceStateError: 'locked', or 'unusable' where the file cannot be opened.
 */
export function lockStateFolder(path: string, waitMs: number): FileLock {
  let lock: FileLock | undefined;
  try {
    lock = lockFile(path, waitMs);
  } catch (error) {
    throw new NonceStateError('unusable', `The lock ${path} cannot be taken.`, error);
  }
  if (lock !== undefined) return lock;
  throw new NonceStateError(
    'locked',
    `Another gateway process uses ${path}: stop it, or give each its own stateDir.`,
  );
}
