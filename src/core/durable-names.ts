/** Files that are whole under their names, whenever the process ends. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file for its owner alone and on the disk, then has `name` give it its name: a rename
 * replaces what has it, a link fails there.
 * @throws Error of the file system
 */
export function writePrivateFile(
  path: string,
  text: string,
  name: (draft: string, path: string) => void,
): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    // Never a part of it alone, which is what writeSync leaves on a full disk.
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    name(draft, path);
    // What hangs on the file may be durable a moment later, so its name must be before.
    syncFolder(dirname(path));
  } finally {
    closeSync(descriptor);
    rmSync(draft, { force: true });
  }
}

/** A new name reaches the disk with its folder. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
