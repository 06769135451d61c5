/**
 * Which processes are there, for those that share a database of this host: each holds the lock on
 * a file of its own, as stores/shared-memory/state-lock.ts does and for its reasons.
 */
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export class OwnerLocks {
  private readonly folder: string;
  private readonly prefix: string;
  private readonly held: DatabaseSync;
  readonly owner: string;

  /** Takes the lock of `owner`, and clears away those of processes that have ended. */
  constructor(folder: string, prefix: string, owner: string) {
    this.folder = folder;
    this.prefix = prefix;
    this.owner = owner;
    this.held = lock(this.pathOf(owner))!;
    for (const name of readdirSync(folder)) {
      const other = this.ownerIn(name);
      if (other !== undefined && other !== owner) this.isThere(other);
    }
  }

  isThere(owner: string): boolean {
    if (owner === this.owner) return true;
    const path = this.pathOf(owner);
    const locked = lock(path);
    if (locked === undefined) return true;
    locked.close();
    rmSync(path, { force: true });
    return false;
  }

  release(): void {
    this.held.close();
    rmSync(this.pathOf(this.owner), { force: true });
  }

  private pathOf(owner: string): string {
    return join(this.folder, `${this.prefix}${owner}.lock`);
  }

  private ownerIn(name: string): string | undefined {
    if (!name.startsWith(this.prefix) || !name.endsWith('.lock')) return undefined;
    return name.slice(this.prefix.length, -'.lock'.length);
  }
}

/** Undefined where another process has it. */
function lock(path: string): DatabaseSync | undefined {
  closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
}
