/**
 * History in a file. It may be lost: one that is damaged or of another version is put aside for a
 * new one, and the last seconds before a power failure may be missing.
 */
import { renameSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { HistoryPage, HistoryQuery, HistorySlice, HistoryStore } from '../history-contract.ts';

/** Another process of this host writes while one replaces the other. */
const BUSY_TIMEOUT_MS = 50;
/** Checkpoints follow every so many pages of 4 KiB. */
const CHECKPOINT_PAGES = 500;
const FORM = 1;
/** https://www.sqlite.org/rescode.html */
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

const TABLE = `
  CREATE TABLE IF NOT EXISTS slices (
    id INTEGER PRIMARY KEY, tier_ms INTEGER NOT NULL, from_ms INTEGER NOT NULL,
    to_ms INTEGER NOT NULL, bytes BLOB NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS slices_by_time ON slices (tier_ms, from_ms, id);`;

interface Row {
  readonly id: number;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly bytes: Uint8Array;
}

/** @throws Error of SQLite or of the file system */
export function openHistoryStore(path: string): HistoryStore {
  try {
    return new SqliteHistoryStore(path);
  } catch (error) {
    // A full disk or a busy file is no reason to lose what is in it.
    if (!isUnusable(error)) throw error;
    renameSync(path, `${path}.unusable`);
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
    return new SqliteHistoryStore(path);
  }
}

class OtherForm extends Error {}

function isUnusable(error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: number };
  return error instanceof OtherForm || errcode === SQLITE_CORRUPT || errcode === SQLITE_NOTADB;
}

class SqliteHistoryStore implements HistoryStore {
  private readonly database: DatabaseSync;
  private readonly insert: StatementSync;
  private readonly remove: StatementSync;
  private readonly select: StatementSync;

  constructor(path: string) {
    this.database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      this.prepareFile();
      this.insert = this.database.prepare(
        'INSERT INTO slices (tier_ms, from_ms, to_ms, bytes) VALUES (?, ?, ?, ?)',
      );
      this.remove = this.database.prepare('DELETE FROM slices WHERE tier_ms = ? AND from_ms < ?');
      this.select = this.database.prepare(
        `SELECT id, from_ms, to_ms, bytes FROM slices
         WHERE tier_ms = ? AND from_ms >= ? AND from_ms < ? AND (from_ms, id) > (?, ?)
         ORDER BY from_ms, id LIMIT ?`,
      );
    } catch (error) {
      this.database.close();
      throw error;
    }
  }

  append(tierMs: number, { fromMs, toMs, bytes }: HistorySlice): void {
    this.insert.run(tierMs, fromMs, toMs, bytes);
  }

  forget(tierMs: number, beforeMs: number): void {
    this.remove.run(tierMs, beforeMs);
  }

  read({ tierMs, fromMs, toMs, after, limit }: HistoryQuery): HistoryPage {
    const place = after ?? { fromMs: -1, rowId: 0 };
    // None is longer than its tier, so one that reaches into the span begins within a tier of it.
    const rows = this.select.all(
      ...[tierMs, fromMs - tierMs, toMs, place.fromMs, place.rowId, limit],
    ) as unknown as Row[];
    const last = rows.at(-1);
    return {
      slices: rows
        .filter(row => row.to_ms > fromMs)
        .map(row => ({ fromMs: row.from_ms, toMs: row.to_ms, bytes: row.bytes })),
      next:
        last === undefined || rows.length < limit
          ? undefined
          : { fromMs: last.from_ms, rowId: last.id },
    };
  }

  close(): void {
    this.database.close();
  }

  private prepareFile(): void {
    const { database } = this;
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;');
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};`);
    const { user_version: form } = database.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    if (form === FORM) return;
    if (form !== 0) throw new OtherForm(`The history has the form ${form}.`);
    database.exec(`${TABLE} PRAGMA user_version = ${FORM};`);
  }
}
