/**
 * kill -9 of a gateway, and of a database, while registries are written to: nothing acknowledged is
 * lost, nothing half written shows, and the audit chain holds. What must be there is told by the
 * same commits made on the store in memory, so that every record, text and hash is compared.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Random } from '../../bench/load/random.ts';
import { ChainVerifier } from '../../src/stores/audit-chain.ts';
import { createMemoryRegistryStore } from '../../src/stores/memory/registry-store.ts';
import { openPostgresRegistryStore } from '../../src/stores/postgres/index.ts';
import type { RegistryStore } from '../../src/stores/registry-contract.ts';
import { openSqliteRegistryStore } from '../../src/stores/sqlite/index.ts';
import { randomCommit, stateOf } from '../stores/registry-commits.ts';
import { eventually } from '../support/eventually.ts';
import { hasPostgres, PostgresServer } from '../support/postgres.ts';

/** 50 take half a minute with a file, and a minute for both kinds of kill with a server. */
const { XINGYUN_KILL_ROUNDS } = process.env;
const FILE_ROUNDS = Number(XINGYUN_KILL_ROUNDS ?? 50);
const SERVER_ROUNDS = Number(XINGYUN_KILL_ROUNDS ?? 15);
/** Commits that a process makes where it is not killed before. */
const WRITES = 200;
const START_MAX_MS = 400;
/** Between the write that decides on a kill and the kill: a write takes 0.5 to 3 ms. */
const AIM_MAX_MS = 5;
const ROUND_TIMEOUT_MS = 10_000;
const COMMITTING = new URL('../support/committing-process.ts', import.meta.url).pathname;

/** What must be in a registry whose commits a seed has made. */
class Expected {
  readonly seed: number;
  readonly reference = createMemoryRegistryStore();
  private readonly verifier = new ChainVerifier();
  revision = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Compares all of it, and what the audit log has grown by since the last time. */
  async compare(store: RegistryStore): Promise<void> {
    const { revision } = await store.load();
    for (; this.revision < revision; this.revision += 1) {
      await this.reference.commit(randomCommit(this.seed, this.revision));
    }
    const behind = this.verifier.head.sequence;
    const found = await stateOf(store, behind);
    expect(found).toEqual(await stateOf(this.reference, behind));
    this.verifier.check(found.audit);
    expect(this.verifier.finish(found.auditHead)).toBeUndefined();
  }

  async compareWholeAudit(store: RegistryStore): Promise<void> {
    const whole = new ChainVerifier();
    whole.check(await store.auditAfter(0, 10_000_000));
    expect(whole.finish(await store.auditHead())).toBeUndefined();
    expect(await store.auditHead()).toEqual(await this.reference.auditHead());
  }
}

/** Runs a process that commits, kills it at some point, and tells what it has acknowledged. */
async function commitUntilKilled(
  args: readonly string[],
  random: Random,
): Promise<{ readonly told: number; readonly writes: number }> {
  const child = spawn(process.execPath, [COMMITTING, ...args, String(WRITES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const killedAfter = random.below(WRITES + 1);
  // At no write: somewhere in its start.
  const startMs = random.below(START_MAX_MS);
  const timer = setTimeout(() => killedAfter === 0 && child.kill('SIGKILL'), startMs);
  let [told, writes] = [0, 0];
  for await (const line of createInterface(child.stdout)) {
    if (!line.endsWith(';')) continue;
    told = Number.parseInt(line, 10);
    writes += 1;
    if (writes === killedAfter) setTimeout(() => child.kill('SIGKILL'), random.below(AIM_MAX_MS));
  }
  clearTimeout(timer);
  await exited;
  return { told, writes };
}

/** @param open once nothing of the process that was killed is under way any more */
async function killInRounds(
  rounds: number,
  args: readonly string[],
  open: () => Promise<RegistryStore>,
): Promise<void> {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = new Random(seed);
  const expected = new Expected(seed);
  const counts = { rounds: 0, acknowledged: 0, beyond: 0 };
  const where = () => `seed ${seed}, round ${counts.rounds}`;
  while (counts.rounds < rounds) {
    counts.rounds += 1;
    const before = expected.revision;
    const { told, writes } = await commitUntilKilled([...args, String(seed)], random);
    const store = await open();
    const { revision } = await store.load();
    expect(revision, where()).toBeGreaterThanOrEqual(Math.max(told, before));
    // One commit may have been on its way to be acknowledged.
    expect(revision, where()).toBeLessThanOrEqual(Math.max(told, before) + 1);
    await expected.compare(store);
    if (counts.rounds === rounds) await expected.compareWholeAudit(store);
    await store.close();
    counts.acknowledged += writes;
    counts.beyond += revision - Math.max(told, before);
  }
  process.stdout.write(`${args[0]}: ${JSON.stringify({ seed, ...counts })}\n`);
  expect(counts.acknowledged).toBeGreaterThan(rounds * 20);
}

describe('a gateway that is killed while it commits', () => {
  it(
    'leaves a file with all that it acknowledged',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'xingyun-killed-'));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const path = join(folder, 'registry.sqlite');
      await killInRounds(FILE_ROUNDS, ['sqlite', path], () => openSqliteRegistryStore(path));
    },
    FILE_ROUNDS * ROUND_TIMEOUT_MS,
  );
});

// Needs the programs of PostgreSQL (scripts/install-test-tools.sh).
describe.skipIf(!hasPostgres)('with a registry in PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server?.dispose());

  it(
    'a gateway that is killed leaves all that it acknowledged',
    async () => {
      const url = await server.createDatabase();
      const database = new URL(url).pathname.slice(1);
      const others = `SELECT 1 FROM pg_stat_activity WHERE datname = '${database}'`;
      await killInRounds(SERVER_ROUNDS, ['postgres', url], async () => {
        // The server may still be at the last thing that it was asked.
        await eventually(() => server.query(server.url('postgres'), others)).toEqual([]);
        return openPostgresRegistryStore({ url });
      });
    },
    SERVER_ROUNDS * ROUND_TIMEOUT_MS,
  );

  it(
    'a server that is killed has all that it acknowledged when it is back',
    async () => {
      const store = await openPostgresRegistryStore({ url: await server.createDatabase() });
      onTestFinished(() => store.close());
      const seed = Math.floor(Math.random() * 2 ** 31);
      const random = new Random(seed);
      const expected = new Expected(seed);
      const codes: Record<string, number> = {};
      let told = 0;
      for (let round = 0; round < SERVER_ROUNDS; round += 1) {
        const killedAt = told + random.below(50);
        let killed: Promise<void> | undefined;
        let code: string | undefined;
        while (code === undefined) {
          if (told >= killedAt)
            killed ??= sleep(random.below(AIM_MAX_MS)).then(() => server.kill());
          await store.commit(randomCommit(seed, told)).then(
            receipt => {
              told = receipt.revision;
            },
            error => {
              code = error.code;
            },
          );
        }
        await killed;
        codes[code!] = (codes[code!] ?? 0) + 1;
        await server.boot();
        const { revision } = await store.load();
        const where = `seed ${seed}, round ${round}`;
        expect(['unavailable', 'unknown'], where).toContain(code);
        // Where it said that nothing was committed, nothing was.
        if (code === 'unavailable') expect(revision, where).toBe(told);
        else expect([told, told + 1], where).toContain(revision);
        await expected.compare(store);
        told = revision;
      }
      await expected.compareWholeAudit(store);
      process.stdout.write(`server: ${JSON.stringify({ seed, commits: told, codes })}\n`);
    },
    SERVER_ROUNDS * ROUND_TIMEOUT_MS,
  );
});
