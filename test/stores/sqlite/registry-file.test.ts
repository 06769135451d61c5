/** The file under a registry: who may read it, what it outlives, and files that are no registry. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChainVerifier } from '../../../src/stores/audit-chain.ts';
import { type RegistryStore, RegistryStoreError } from '../../../src/stores/registry-contract.ts';
import {
  openSqliteRegistryStore,
  pendingSqliteMigrations,
} from '../../../src/stores/sqlite/index.ts';
import { aCommit, aPartner, someApps, type stateOf } from '../registry-commits.ts';
import { openJournal } from './temporary-journal.ts';
import { temporaryRegistryPath } from './temporary-registry.ts';

const FILLING = new URL('filling-registry-process.ts', import.meta.url).pathname;
const STARTING = new URL('starting-registry-process.ts', import.meta.url).pathname;

async function open(path: string): Promise<RegistryStore> {
  const store = await openSqliteRegistryStore(path);
  onTestFinished(() => store.close());
  return store;
}

/** The path of a registry with records in several pages, closed. */
async function filledRegistry(): Promise<string> {
  const path = temporaryRegistryPath();
  const store = await open(path);
  await store.commit(aCommit(0, someApps(500, { text: 'x'.repeat(500) })));
  await store.close();
  return path;
}

async function expectRefusal(path: string, ...says: string[]): Promise<void> {
  for (const start of [openSqliteRegistryStore, pendingSqliteMigrations]) {
    const refusal = await start(path).catch(error => error);
    expect(refusal).toBeInstanceOf(RegistryStoreError);
    expect(refusal.code).toBe('unusable');
    for (const text of [path, ...says]) expect(refusal.message).toContain(text);
  }
}

describe('the file of a registry', () => {
  it('is for its owner alone, and so is its log', async () => {
    const path = temporaryRegistryPath();
    await (await open(path)).commit(aCommit(0, [aPartner('a')]));
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(`${path}-wal`).mode & 0o777).toBe(0o600);
  });

  it('may be opened by a process that takes over', async () => {
    const path = temporaryRegistryPath();
    const before = await open(path);
    const next = await open(path);
    expect(await next.load()).toEqual(await before.load());
  });

  it('tells which migrations a start would run, and is not made by the question', async () => {
    const path = temporaryRegistryPath();
    expect(await pendingSqliteMigrations(path)).toEqual(['0001-registry']);
    expect(existsSync(dirname(path))).toBe(false);
    await (await open(path)).close();
    expect(await pendingSqliteMigrations(path)).toEqual([]);
  });
});

describe('a file that is no registry stops the start, and stays as it was:', () => {
  it.each([
    ['text', Buffer.from('partners of yesterday\n'.repeat(100))],
    ['zeros', Buffer.alloc(8_192)],
  ])('%s', async (_name, bytes) => {
    const path = temporaryRegistryPath();
    mkdirSync(dirname(path));
    writeFileSync(path, bytes);
    await expectRefusal(path, 'is not a registry', 'move it');
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('an event journal', async () => {
    const path = temporaryRegistryPath();
    openJournal({ path }).close();
    const before = readFileSync(path);
    await expectRefusal(path, 'is not a registry', 'move it');
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it('a registry that a newer version of the gateway has changed', async () => {
    const path = await filledRegistry();
    const newer = new DatabaseSync(path);
    newer.exec("INSERT INTO migrations VALUES ('9999-later', '2026-11-26T01:00:00.000Z')");
    newer.close();
    const before = readFileSync(path);
    await expectRefusal(path, 'newer version', '9999-later');
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});

describe('a damaged registry stops the start:', () => {
  it('cut short', async () => {
    const path = await filledRegistry();
    truncateSync(path, statSync(path).size / 2);
    await expectRefusal(path, 'is damaged', 'backup');
  });

  it.each([0.2, 0.5, 0.9])('overwritten at %f of its length', async share => {
    const path = await filledRegistry();
    const pages = Math.floor((statSync(path).size / 4_096) * share);
    const fd = openSync(path, 'r+');
    writeSync(fd, Buffer.alloc(4_096, 0xa5), 0, 4_096, pages * 4_096);
    await expectRefusal(path, 'is damaged', 'backup');
  });

  it('and where a text in it was changed by hand, reading it fails', async () => {
    const path = await filledRegistry();
    const other = new DatabaseSync(path);
    other.exec("UPDATE records SET body = '{' WHERE id = 'app-7'");
    other.exec("UPDATE audit SET reason = 'none' WHERE sequence = 1");
    other.close();
    const store = await open(path);
    const failed = expect.objectContaining({ code: 'failed' });
    await expect(store.load()).rejects.toThrow(failed);
    await expect(store.load()).rejects.toThrow(/app\/app-7 is damaged/);
    const fault = new ChainVerifier().check(await store.auditAfter(0, 10));
    expect(fault).toEqual({ fault: 'hash', sequence: 1 });
  });
});

describe('a first start that is killed', () => {
  it('before any of its statements leaves a file that the next start takes', async () => {
    let killed = 0;
    for (; ; killed += 1) {
      const path = temporaryRegistryPath();
      const { signal, status } = spawnSync(process.execPath, [STARTING, path, `${killed + 1}`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      if (signal === null) {
        expect(status).toBe(0);
        break;
      }
      expect(signal).toBe('SIGKILL');
      const store = await open(path);
      const { revision } = await store.commit(aCommit(0, [aPartner('a')]));
      expect(revision, `killed before statement ${killed + 1}`).toBe(1);
      await store.close();
    }
    // With the pragmas, and everything that makes the tables.
    expect(killed).toBeGreaterThan(20);
  }, 60_000);
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
  it.skipIf(!canMount)('takes no commit, not even in part, and the next one when it can', () => {
    const folder = join(dirname(temporaryRegistryPath()), 'disk');
    mkdirSync(folder, { recursive: true });
    const node = [process.execPath, FILLING];
    const { stdout } = spawnSync('unshare', [...SMALL_DISK, 'sh', folder, ...node], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 64 * 1_048_576,
    });
    const facts = JSON.parse(stdout);
    type State = Awaited<ReturnType<typeof stateOf>>;
    const [full, state] = [facts.stateWhenFull, facts.state] as [State, State];
    const { revisionWhenFull } = facts;
    expect(facts.codes).toEqual(['full', 'full']);
    expect(revisionWhenFull).toBeGreaterThan(10);
    expect(full.loaded.revision).toBe(revisionWhenFull);
    expect(full.loaded.records.map(({ version }) => version)).toEqual(
      Array(5).fill(revisionWhenFull),
    );
    expect(full.audit).toHaveLength(revisionWhenFull);
    expect(facts.tookAgain).toBe(true);
    expect(state.loaded.revision).toBe(revisionWhenFull + 1);
    const verifier = new ChainVerifier();
    verifier.check(state.audit);
    expect(verifier.finish(state.auditHead)).toBeUndefined();
    expect(facts.reopened).toEqual(state);
  });
});
