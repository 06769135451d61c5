import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHistoryStore } from '../../src/stores/sqlite/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-history-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pathOf = () => join(folder, 'history.sqlite');
const slice = (fromMs: number, toMs = fromMs + 10) => ({
  ...{ fromMs, toMs },
  bytes: Buffer.from(`${fromMs}`),
});
const beginnings = (slices: readonly { fromMs: number }[]) => slices.map(({ fromMs }) => fromMs);

describe('the store of history', () => {
  it('gives back what overlaps a span, page by page, in order', () => {
    const store = openHistoryStore(pathOf());
    for (const fromMs of [30, 0, 10, 20, 20, 40]) store.append(10, slice(fromMs));
    store.append(60, slice(20));
    const query = { tierMs: 10, fromMs: 15, toMs: 40, limit: 2 };
    const first = store.read(query);
    const second = store.read({ ...query, after: first.next });
    const third = store.read({ ...query, after: second.next });
    const pages = [first, second, third].map(({ slices }) => beginnings(slices));
    expect(pages.flat()).toEqual([10, 20, 20, 30]);
    expect(third.next).toBeUndefined();
    store.close();
  });

  it('is shared by two processes and outlives both', () => {
    const one = openHistoryStore(pathOf());
    const other = openHistoryStore(pathOf());
    one.append(10, slice(0));
    other.append(10, slice(10));
    one.close();
    other.forget(10, 5);
    other.close();
    const { slices } = openHistoryStore(pathOf()).read({
      ...{ tierMs: 10, fromMs: 0, toMs: 100, limit: 10 },
    });
    expect(beginnings(slices)).toEqual([10]);
  });

  it('puts a file aside that it cannot use', () => {
    writeFileSync(pathOf(), 'this is no database, and long enough to be taken for one '.repeat(99));
    const store = openHistoryStore(pathOf());
    store.append(10, slice(0));
    store.close();
    expect(readdirSync(folder)).toContain('history.sqlite.unusable');
  });

  it('puts a file aside that a later version has made', () => {
    const later = new DatabaseSync(pathOf());
    later.exec('PRAGMA user_version = 7;');
    later.close();
    openHistoryStore(pathOf()).close();
    expect(readdirSync(folder)).toContain('history.sqlite.unusable');
  });

  it('leaves a file where it is that another has locked', () => {
    openHistoryStore(pathOf()).close();
    const other = new DatabaseSync(pathOf());
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
    expect(() => openHistoryStore(pathOf())).toThrow(/locked/);
    other.close();
    expect(readdirSync(folder).filter(name => name.endsWith('.unusable'))).toEqual([]);
  });

  it('cannot be opened where there is no folder', () => {
    expect(() => openHistoryStore(join(folder, 'no', 'history.sqlite'))).toThrow(Error);
  });
});
