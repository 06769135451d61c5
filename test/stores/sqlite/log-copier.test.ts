import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogCopier } from '../../../src/stores/sqlite/log-copier.ts';
import { eventually } from '../../support/eventually.ts';

const MEGABYTE = 1_048_576;
const COPIED_MB = 16;

let dir: string;
let path: string;
let database: DatabaseSync;
let copier: LogCopier;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-log-copier-'));
  path = join(dir, 'db.sqlite');
  database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (b BLOB)');
});
afterEach(async () => {
  await copier.close();
  database.close();
  rmSync(dir, { recursive: true });
});

const sizeMb = (file: string) => statSync(file).size / MEGABYTE;
const ownCheckpoints = () => database.prepare('PRAGMA wal_autocheckpoint').get();

function writeMb(count: number): void {
  const insert = database.prepare('INSERT INTO t VALUES (?)');
  for (let i = 0; i < count; i++) {
    insert.run(new Uint8Array(MEGABYTE));
    copier.wrote(MEGABYTE);
  }
}

describe('the log of a database', () => {
  it('is copied by another thread, and begins anew', async () => {
    copier = new LogCopier(database, path);
    writeMb(COPIED_MB - 1);
    expect(sizeMb(path)).toBeLessThan(1);
    for (let round = 1; round <= 4; round++) {
      writeMb(COPIED_MB);
      await eventually(() => sizeMb(path)).toBeGreaterThan(round * COPIED_MB - 2);
      // Until this thread has heard of it and copied the rest.
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    // Of 79 MB that were written.
    expect(sizeMb(`${path}-wal`)).toBeLessThan(3 * COPIED_MB);
    const { n } = database.prepare('SELECT count(*) AS n FROM t').get() as { n: number };
    expect(n).toBe(5 * COPIED_MB - 1);
  });

  it('is copied by the thread that writes where no other can be started', () => {
    // What cannot be cloned for a thread fails at once, as a thread that the system refuses.
    copier = new LogCopier(database, (() => path) as unknown as string);
    writeMb(COPIED_MB);
    expect(ownCheckpoints()).toEqual({ wal_autocheckpoint: 1_000 });
  });

  it('is copied by the thread that writes where another cannot', async () => {
    copier = new LogCopier(database, join(dir, 'nowhere', 'db.sqlite'));
    expect(ownCheckpoints()).toEqual({ wal_autocheckpoint: 0 });
    writeMb(COPIED_MB);
    await eventually(ownCheckpoints).toEqual({ wal_autocheckpoint: 1_000 });
    writeMb(COPIED_MB);
    expect(sizeMb(path)).toBeGreaterThan(COPIED_MB);
  });
});
