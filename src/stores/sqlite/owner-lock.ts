/** Which processes are there, for those that share a database of this host: each holds a lock. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type FileLock, lockFile } from '../file-lock.ts';

const SUFFIX = '.lock';

export class OwnerLocks {
  private readonly folder: string;
  private readonly prefix: string;
  private readonly held: FileLock;
  readonly owner: string;

  /** Takes the lock of `owner`, and clears away those of processes that have ended. */
  constructor(folder: string, prefix: string, owner: string) {
    this.folder = folder;
    this.prefix = prefix;
    this.owner = owner;
    this.held = lockFile(this.pathOf(owner), 0)!;
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(prefix) || !name.endsWith(SUFFIX)) continue;
      this.isThere(name.slice(prefix.length, -SUFFIX.length));
    }
  }

  isThere(owner: string): boolean {
    if (owner === this.owner) return true;
    const path = this.pathOf(owner);
    const lock = lockFile(path, 0);
    if (lock === undefined) return true;
    lock.release();
    rmSync(path, { force: true });
    return false;
  }

  release(): void {
    this.held.release();
    rmSync(this.pathOf(this.owner), { force: true });
  }

  private pathOf(owner: string): string {
    return join(this.folder, `${this.prefix}${owner}${SUFFIX}`);
  }
}
