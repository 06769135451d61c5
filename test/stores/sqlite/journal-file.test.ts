/** The file under the journal: who may read it, what it outlives, and files that are no journal. */
import { spawn, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EventJournal, EventJournalError } from '../../../src/stores/contracts.ts';
import { anEvent, someEvents } from '../event-journal-events.ts';
import { openJournal, temporaryPath } from './temporary-journal.ts';

const REQUEST = { topic: 'transfer-status', partnerId: 'nebula-pay', after: 0 };
const PAGE = { eventsMax: 1_000_000, bytesMax: 1_000_000_000 };
const APPENDING = new URL('appending-process.ts', import.meta.url).pathname;
const FILLING = new URL('filling-process.ts', import.meta.url).pathname;
const STARTING = new URL('starting-process.ts', import.meta.url).pathname;

function idsIn(journal: EventJournal): string[] {
  const page = journal.read(REQUEST, PAGE);
  return page.kind === 'expired' ? [] : page.events.map(({ id }) => id);
}

/** The error of a start that must fail. */
function refusalOf(path: string): EventJournalError {
  try {
    openJournal({ path });
  } catch (error) {
    expect(error).toBeInstanceOf(EventJournalError);
    return error as EventJournalError;
  }
  throw new Error('the journal was opened');
}

function expectRefusal(path: string, ...says: string[]): void {
  const { code, message } = refusalOf(path);
  expect(code).toBe('unusable');
  for (const text of [path, ...says]) expect(message).toContain(text);
}

/** The path of a journal with events in several pages, closed. */
function filledJournal(): string {
  const path = temporaryPath();
  const journal = openJournal({ path });
  journal.append(someEvents(500, 1, { data: `"${'x'.repeat(500)}"` }));
  journal.close();
  return path;
}

describe('the file of a journal', () => {
  it('is for its owner alone, and so is its log', () => {
    const path = temporaryPath();
    openJournal({ path }).append([anEvent('a')]);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  });

  it('keeps id, events and bounds over a restart', () => {
    const path = temporaryPath();
    const limits = { eventsMax: 128, bytesMax: 1_000_000 };
    const first = openJournal({ path, ...limits });
    first.append([anEvent('quiet', { partnerId: 'ledgerworks' }), ...someEvents(300)]);
    const before = [first.journalId, first.head, first.eventCount, first.byteCount, idsIn(first)];
    first.close();
    const next = openJournal({ path, ...limits });
    expect([next.journalId, next.head, next.eventCount, next.byteCount, idsIn(next)]).toEqual(
      before,
    );
    const quiet = { ...REQUEST, partnerId: 'ledgerworks' };
    expect(next.read(quiet, PAGE).kind).toBe('expired');
    expect(next.read({ ...quiet, after: 1 }, PAGE).kind).toBe('events');
    expect(next.append([anEvent('e-300'), anEvent('new')])).toEqual([
      { sequence: 301, duplicate: true },
      { sequence: 302, duplicate: false },
    ]);
  });

  it('fits limits that became smaller when it is opened', () => {
    const path = filledJournal();
    const journal = openJournal({ path, eventsMax: 100 });
    expect([journal.head, journal.eventCount, journal.forgottenCount]).toEqual([500, 99, 401]);
    journal.close();
    const smaller = openJournal({ path, bytesMax: 20_000 });
    expect(smaller.byteCount).toBeLessThanOrEqual(20_000);
    expect(idsIn(smaller)).toEqual([]);
    expect(smaller.read({ ...REQUEST, after: 499 }, PAGE)).toMatchObject({ upTo: 500 });
  });

  it('has another id than a journal that takes its place', () => {
    const path = filledJournal();
    const before = openJournal({ path });
    const { journalId } = before;
    before.close();
    rmSync(path);
    expect(openJournal({ path }).journalId).not.toBe(journalId);
  });

  it('does not grow for ever', () => {
    const path = temporaryPath();
    const journal = openJournal({ path, eventsMax: 256 });
    const sizes: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      journal.append(someEvents(256, round * 256, { data: `"${'x'.repeat(1_000)}"` }));
      sizes.push(statSync(path).size + statSync(`${path}-wal`).size);
    }
    expect(sizes.at(-1)!).toBeLessThan(8 * 1_048_576);
  });

  it('may be opened by a process that takes over, which goes on behind the other', () => {
    const path = temporaryPath();
    openJournal({ path }).append([anEvent('before')]);
    const next = openJournal({ path });
    expect(next.head).toBe(1);
    next.append([anEvent('after')]);
    expect(next.head).toBe(2);
  });
});

describe('a file that is no journal stops the start, and stays as it was:', () => {
  it.each([
    ['text', Buffer.from('events of yesterday\n'.repeat(100))],
    ['zeros', Buffer.alloc(8_192)],
    ['a few bytes', Buffer.from('SQLite')],
  ])('%s', (_name, bytes) => {
    const path = temporaryPath();
    mkdirSync(dirname(path));
    writeFileSync(path, bytes);
    expectRefusal(path, 'is not an event journal', 'move it');
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it.each([
    ['with a table', 'CREATE TABLE accounts (id)'],
    ['with a view alone', 'CREATE VIEW accounts AS SELECT 1'],
    ['with an application id alone', 'PRAGMA application_id = 1'],
    ['with a version alone', 'PRAGMA user_version = 1'],
  ])('the database of somebody else, %s', (_name, sql) => {
    const path = temporaryPath();
    mkdirSync(dirname(path));
    const other = new DatabaseSync(path);
    other.exec(sql);
    other.close();
    const before = readFileSync(path);
    expectRefusal(path, 'is not an event journal', 'move it');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('a journal of another version', () => {
    const path = filledJournal();
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 9');
    newer.close();
    expectRefusal(path, 'format 9', 'move it');
  });

  it('a folder', () => {
    const path = temporaryPath();
    mkdirSync(path, { recursive: true });
    expectRefusal(path);
  });
});

describe('a damaged journal stops the start:', () => {
  it('cut short', () => {
    const path = filledJournal();
    truncateSync(path, statSync(path).size / 2);
    expectRefusal(path, 'is damaged', 'move it');
  });

  it.each([0.2, 0.5, 0.9])('overwritten at %f of its length', share => {
    const path = filledJournal();
    const pages = Math.floor((statSync(path).size / 4_096) * share);
    const fd = openSync(path, 'r+');
    writeSync(fd, Buffer.alloc(4_096, 0xa5), 0, 4_096, pages * 4_096);
    expectRefusal(path, 'is damaged', 'move it');
  });

  it('and an empty file, as a start leaves it that is cut off at once, does not', () => {
    const path = temporaryPath();
    mkdirSync(dirname(path));
    writeFileSync(path, '');
    expect(openJournal({ path }).append([anEvent('a')])[0]!.sequence).toBe(1);
  });
});

describe('a process that is killed', () => {
  it.each([1, 25])('leaves every event that it acknowledged, %i at a time', async each => {
    const path = temporaryPath();
    const child = spawn(process.execPath, [APPENDING, path, `${each}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const told: [id: string, sequence: number][] = [];
    for await (const line of createInterface(child.stdout)) {
      // The last line may be half a one.
      if (line.endsWith(']]')) told.push(...JSON.parse(line));
      if (told.length >= 1_000) child.kill('SIGKILL');
    }
    const journal = openJournal({ path });
    const page = journal.read(REQUEST, PAGE);
    if (page.kind === 'expired') throw new Error('expired');
    expect(told.length).toBeGreaterThanOrEqual(1_000);
    const found = page.events.map(({ id, sequence }) => [id, sequence]);
    expect(found.slice(0, told.length)).toEqual(told);
    // Gapless, and no list is there in part.
    expect(found.map(([, sequence]) => sequence)).toEqual(found.map((_, i) => i + 1));
    expect(found.length % each).toBe(0);
    expect(journal.append([anEvent('after')])[0]!.sequence).toBe(found.length + 1);
  });
});

describe('a first start that is killed', () => {
  it('before any of its statements leaves a file that the next start takes', () => {
    let withPages = 0;
    for (let killedBefore = 1; ; killedBefore += 1) {
      const path = temporaryPath();
      const { signal, status } = spawnSync(process.execPath, [STARTING, path, `${killedBefore}`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      if (signal === null) {
        expect(status).toBe(0);
        break;
      }
      expect(signal).toBe('SIGKILL');
      if (statSync(path).size > 0) withPages += 1;
      const journal = openJournal({ path });
      expect(journal.append([anEvent('a')]), `killed before statement ${killedBefore}`).toEqual([
        { sequence: 1, duplicate: false },
      ]);
      journal.close();
      expect(idsIn(openJournal({ path }))).toEqual(['a']);
    }
    // Between the write-ahead log and the end of the schema's transaction.
    expect(withPages).toBeGreaterThan(3);
  });
});

/** A file system of 3 MiB in a mount namespace of its own, for a command. */
const SMALL_DISK = [
  '-rm',
  'sh',
  '-c',
  'mount -t tmpfs -o size=3m none "$1" && exec "$2" "$3" "$1"',
];
const canMount = spawnSync('unshare', [...SMALL_DISK, 'sh', '/mnt', 'true', '-']).status === 0;

describe('a full disk', () => {
  // Needs the unshare command and a kernel that gives namespaces to users.
  it.skipIf(!canMount)('refuses a list as a whole, and none that fits later', () => {
    const folder = join(dirname(temporaryPath()), 'disk');
    mkdirSync(folder, { recursive: true });
    const node = [process.execPath, FILLING];
    const { stdout } = spawnSync('unshare', [...SMALL_DISK, 'sh', folder, ...node], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const facts = JSON.parse(stdout);
    const { headWhenFull } = facts;
    expect(headWhenFull).toBeGreaterThan(50);
    expect(headWhenFull % 7).toBe(0);
    const refusal = { code: 'full', headBefore: headWhenFull, headAfter: headWhenFull };
    expect(facts).toMatchObject({
      refusals: [refusal, refusal],
      readWhenFull: headWhenFull,
      tookAgain: true,
      headInTheEnd: headWhenFull + 7,
      reopened: { head: headWhenFull + 7 },
    });
    const ids = someEvents(headWhenFull + 7).map(({ id }) => id);
    expect(facts.reopened.ids).toEqual(ids);
  });
});
