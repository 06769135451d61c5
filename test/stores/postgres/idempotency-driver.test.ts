import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { FoundClaim } from '../../../src/stores/idempotency-contract.ts';
import { openPostgresIdempotency } from '../../../src/stores/postgres/index.ts';
import { hasPostgres, PostgresServer } from '../../support/postgres.ts';
import { aDigest, idempotencyDriverSuite } from '../idempotency-driver-suite.ts';

const TIMEOUT_MS = 5_000;
const RETENTION = { retentionMs: 3_600_000, keysMax: 1_000_000 };

// Needs the programs of PostgreSQL (scripts/install-test-tools.sh).
describe.skipIf(!hasPostgres)('on a server of its own', () => {
  let server: PostgresServer;
  let url: string;

  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  beforeEach(async () => {
    url = await server.createDatabase();
  });
  afterAll(() => server?.dispose());

  const open = (more: { timeoutMs?: number; ownerSilenceMaxMs?: number } = {}) =>
    openPostgresIdempotency({
      ...RETENTION,
      url,
      clock: systemClock,
      timeoutMs: TIMEOUT_MS,
      ...more,
    });
  const claiming = (...keys: Uint8Array[]) => ({
    claims: keys.map(key => ({ key, call: key })),
    keeps: [],
    releases: [],
    losses: [],
  });

  idempotencyDriverSuite('postgres', (clock, retention) =>
    openPostgresIdempotency({ ...retention, url, clock, timeoutMs: TIMEOUT_MS }),
  );

  it('claims of hosts at once are granted to one of them', async () => {
    const hosts = [open(), open(), open()];
    const keys = Array.from({ length: 200 }, aDigest);
    const found = await Promise.all(
      hosts.map((host, i) => host.run(claiming(...(i === 1 ? keys : keys.toReversed())))),
    );
    const granted = found.flat().filter(({ kind }) => kind === 'granted').length;
    expect(granted).toBe(keys.length);
    for (const host of hosts) await host.close();
  });

  it('an owner that has said nothing for long is gone', async () => {
    const key = aDigest();
    const [silent, other] = [open({ ownerSilenceMaxMs: 60_000 }), open({ ownerSilenceMaxMs: 50 })];
    await silent.run(claiming(key));
    const askedAt = Date.now();
    await expect
      .poll(async () => (await other.run(claiming(key)))[0])
      .toMatchObject({ kind: 'unanswered', by: 'gone' });
    expect(Date.now() - askedAt).toBeGreaterThan(25);
    await silent.close();
    await other.close();
  });

  it('a batch that was given up and commits all the same was granted to nobody', async () => {
    const key = aDigest();
    const driver = open({ timeoutMs: 300 });
    await driver.run(claiming(aDigest()));
    server.freeze();
    await expect(driver.run(claiming(key))).rejects.toThrow('The database');
    server.thaw();
    await expect.poll(async () => (await driver.run(claiming(key)))[0]!.kind).toBe('granted');
    expect((await driver.run(claiming(key)))[0]!.kind).toBe('unanswered');
    await driver.close();
  });

  it('a batch that was given up grants its keys to the call that it was for', async () => {
    const [key, call] = [aDigest(), aDigest()];
    const driver = open();
    await driver.run(claiming(aDigest()));
    const [{ owner }] = (await server.query<{ owner: string }>(
      url,
      'SELECT owner FROM xingyun_idempotency.owners',
    )) as [{ owner: string }];
    const hex = (bytes: Uint8Array) => `'\\x${Buffer.from(bytes).toString('hex')}'`;
    const values = `${hex(key)}, ${hex(call)}, '${owner}', ${Date.now()}`;
    const columns = 'key, call, owner, claimed_at_ms';
    await server.query(
      url,
      `INSERT INTO xingyun_idempotency.claims (${columns}) VALUES (${values})`,
    );
    await server.query(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'xingyun-gateway' AND datname = current_database()`,
    );
    const asked = {
      ...claiming(),
      claims: [
        { key, call: aDigest() },
        { key, call },
        { key, call },
      ],
    };
    await expect
      .poll(() => Promise.resolve(driver.run(asked)).then(kindsOf, () => 'gone'))
      .toEqual(['other-call', 'granted', 'unanswered']);
    expect(kindsOf(await driver.run(asked))).toEqual(['other-call', 'unanswered', 'unanswered']);
    await driver.close();
  });

  it('owners that ended long ago leave what they counted, and go', async () => {
    const first = open();
    await first.run(claiming(aDigest(), aDigest()));
    await first.close();
    const next = open();
    await next.run(claiming(aDigest()));
    const owners = await server.query(url, 'SELECT claims::int FROM xingyun_idempotency.owners');
    expect(owners).toEqual([{ claims: 3 }]);
    await next.close();
  });

  it('a server that was restarted is connected to again', async () => {
    const key = aDigest();
    const driver = open();
    await driver.run(claiming(key));
    await server.stop();
    await server.boot();
    await expect.poll(async () => (await driver.run(claiming(key)))[0]!.kind).toBe('unanswered');
    await driver.close();
  });
});

function kindsOf(found: readonly FoundClaim[]): string[] {
  return found.map(({ kind }) => kind);
}
