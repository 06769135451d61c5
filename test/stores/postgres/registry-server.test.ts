/** The server under a registry: gone and back, shared by several processes, strange or closed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  openPostgresRegistryStore,
  type PostgresStoreOptions,
  pendingPostgresMigrations,
} from '../../../src/stores/postgres/index.ts';
import { RegistryStoreError } from '../../../src/stores/registry-contract.ts';
import { eventually } from '../../support/eventually.ts';
import { Authority } from '../../support/listener-certificates.ts';
import { hasPostgres, PostgresServer } from '../../support/postgres.ts';
import { aCommit, aPartner, randomCommit, stateOf } from '../registry-commits.ts';
import { CuttingProxy } from './cutting-proxy.ts';

/** What is heard is heard over the connection that listens. */
const ONLY_TOLD = { pollIntervalMs: 3_600_000 };

const withCode = (code: RegistryStoreError['code']) => expect.objectContaining({ code });

// Needs the programs of PostgreSQL (scripts/install-test-tools.sh).
describe.skipIf(!hasPostgres)('a registry on a PostgreSQL server', () => {
  let server: PostgresServer;
  let url: string;
  const open = async (options: Partial<PostgresStoreOptions> = {}) => {
    const store = await openPostgresRegistryStore({ url, ...options });
    onTestFinished(() => store.close());
    return store;
  };

  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server?.dispose());
  beforeEach(async () => {
    url = await server.createDatabase();
  });

  describe('that two processes share', () => {
    it('makes one stale by the other’s commit, and tells it', async () => {
      const [one, other] = [await open(), await open(ONLY_TOLD)];
      let told = 0;
      other.watch(() => {
        told += 1;
      });
      // Once for what may have been before it listened.
      await eventually(() => told).toBe(1);
      await one.commit(aCommit(0, [aPartner('a')]));
      await eventually(() => told).toBe(2);
      await expect(other.commit(aCommit(0, [aPartner('b')]))).rejects.toThrow(withCode('stale'));
      const { revision, records } = (await other.changesAfter({ revision: 0 }))!;
      expect([revision, records.map(({ id }) => id)]).toEqual([1, ['a']]);
      await other.commit(aCommit(1, [aPartner('b')]));
      await one.commit(aCommit(2, [aPartner('c')]));
      // Its own commit was no news.
      await eventually(() => told).toBe(3);
      expect(await stateOf(one)).toEqual(await stateOf(other));
    });

    it('tells whoever listens last', async () => {
      const [one, other] = [await open(), await open(ONLY_TOLD)];
      const told: string[] = [];
      other.watch(() => told.push('first'));
      await eventually(() => told).toEqual(['first']);
      other.watch(() => told.push('second'));
      await one.commit(aCommit(0, [aPartner('a')]));
      await eventually(() => told).toEqual(['first', 'second']);
    });

    it('lets all of them start at once, and makes its tables once', async () => {
      expect(await pendingPostgresMigrations({ url })).toEqual(['0001-registry']);
      const stores = await Promise.all(Array.from({ length: 6 }, () => open()));
      await stores[0]!.commit(aCommit(0, [aPartner('a')]));
      for (const store of stores) expect((await store.load()).revision).toBe(1);
      expect(await pendingPostgresMigrations({ url })).toEqual([]);
      expect(await server.query(url, 'SELECT name FROM xingyun.migrations')).toHaveLength(1);
    });

    it.each(['read committed', 'repeatable read', 'serializable'])(
      'takes one commit a revision, however many want it: %s',
      async level => {
        const database = new URL(url).pathname.slice(1);
        const setting = `default_transaction_isolation TO '${level}'`;
        await server.query(url, `ALTER DATABASE ${database} SET ${setting}`);
        const stores = [await open(), await open(), await open()];
        const outcomes = await Promise.all(
          stores.flatMap(store =>
            Array.from({ length: 8 }, (_, i) =>
              store.commit(aCommit(0, [aPartner(`p-${i}`)])).then(
                () => 'done',
                ({ code }) => code as string,
              ),
            ),
          ),
        );
        expect(outcomes.filter(outcome => outcome === 'done')).toHaveLength(1);
        expect(outcomes.filter(outcome => outcome === 'stale')).toHaveLength(23);
      },
    );
  });

  describe('that was set back', () => {
    it('is another registry from there on, and that is told', async () => {
      const [one, other] = [await open(), await open()];
      await one.commit(aCommit(0, [aPartner('a')]));
      const tables = ['records', 'audit', 'head'];
      const backUp = tables.map(name => `CREATE TABLE public.${name} AS TABLE xingyun.${name}`);
      await server.query(url, backUp.join(';'));
      const lost = await one.commit(aCommit(1, [aPartner('lost')]));
      await other.load();
      let told = 0;
      other.watch(() => {
        told += 1;
      });
      await eventually(() => told).toBe(1);
      const restore = tables.map(
        name => `DELETE FROM xingyun.${name}; INSERT INTO xingyun.${name} TABLE public.${name}`,
      );
      await server.query(url, `BEGIN; ${restore.join(';')}; COMMIT`);
      await eventually(() => told).toBe(2);
      expect(await other.changesAfter(lost)).toBeUndefined();
      await one.commit(aCommit(1, [aPartner('found')]));
      expect(await other.changesAfter(lost)).toBeUndefined();
      const { revision, auditHead } = lost;
      const commit = aCommit(revision, [aPartner('b')], { onAuditHash: auditHead.hash });
      await expect(other.commit(commit)).rejects.toThrow(withCode('stale'));
    });
  });

  describe('that goes away', () => {
    it('is unavailable, and works again when the server does', async () => {
      const lost: RegistryStoreError[] = [];
      const store = await open({ ...ONLY_TOLD, onListenerLost: error => lost.push(error) });
      let told = 0;
      store.watch(() => {
        told += 1;
      });
      await store.commit(aCommit(0, [aPartner('a')]));
      await eventually(() => told).toBe(1);
      const before = await stateOf(store);
      await server.stop();
      await expect(store.load()).rejects.toThrow(withCode('unavailable'));
      const commit = aCommit(1, [aPartner('b')]);
      await expect(store.commit(commit)).rejects.toThrow(withCode('unavailable'));
      await eventually(() => lost).toEqual([withCode('unavailable')]);

      await server.boot();
      expect(await stateOf(store)).toEqual(before);
      await store.commit(commit);
      // Once more: something may have been committed while it could not listen.
      await eventually(() => told).toBe(2);
      expect(lost).toHaveLength(1);
    });

    it('outlives that its connections are cut while it commits and while it rests', async () => {
      const store = await open();
      let revision = 0;
      const codes = new Set<string>();
      for (let round = 0; round < 20; round += 1) {
        const outcome = store.commit(randomCommit(1, revision)).then(
          () => 'done',
          ({ code }) => code as string,
        );
        const backends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '";
        const database = new URL(url).pathname.slice(1);
        await server.query(server.url('postgres'), `${backends}${database}'`);
        codes.add(await outcome);
        // The pool may hold several that are cut, and some that die in two steps.
        const load = () => store.load().catch(() => undefined);
        await eventually(load).toBeDefined();
        ({ revision } = await store.load());
      }
      for (const code of codes) expect(['done', 'unavailable', 'unknown']).toContain(code);
      expect((await store.commit(randomCommit(1, revision))).revision).toBe(revision + 1);
    });

    it.each([
      ['before-commit', 0],
      ['after-commit', 1],
    ] as const)('%s: nobody knows, and reading tells', async (cut, revision) => {
      const proxy = await CuttingProxy.start(server.port);
      onTestFinished(() => proxy.close());
      const store = await open({ url: url.replace(`:${server.port}`, `:${proxy.port}`) });
      proxy.cut = cut;
      const commit = store.commit(aCommit(0, [aPartner('a')]));
      await expect(commit).rejects.toThrow(withCode('unknown'));
      proxy.cut = 'never';
      await eventually(async () => (await store.load()).revision).toBe(revision);
      expect((await store.auditHead()).sequence).toBe(revision);
    });

    it('late-commit: who reads it settled waits for the end of what is on its way', async () => {
      const proxy = await CuttingProxy.start(server.port);
      onTestFinished(() => proxy.close());
      const store = await open({ url: url.replace(`:${server.port}`, `:${proxy.port}`) });
      proxy.cut = 'late-commit';
      const commit = store.commit(aCommit(0, [aPartner('a')]));
      await expect(commit).rejects.toThrow(withCode('unknown'));
      proxy.cut = 'never';
      expect((await store.changesAfter({ revision: 0 }))?.revision).toBe(0);
      const settled = store.changesAfter({ revision: 0, isSettled: true });
      const waiting = 'SELECT 1 FROM pg_locks WHERE NOT granted';
      await eventually(async () => (await server.query(url, waiting)).length).toBe(1);
      proxy.deliver();
      expect((await settled)?.records).toMatchObject([{ id: 'a', revision: 1 }]);
    });

    it('does not wait for ever for what is on its way', async () => {
      const store = await open();
      const blocker = server.query(
        url,
        'BEGIN; UPDATE xingyun.head SET revision = revision; SELECT pg_sleep(3); ROLLBACK',
      );
      const locks = "SELECT 1 FROM pg_locks WHERE relation = 'xingyun.head'::regclass";
      await eventually(async () => (await server.query(url, locks)).length).toBeGreaterThan(0);
      const settled = store.changesAfter({ revision: 0, isSettled: true });
      await expect(settled).rejects.toThrow(withCode('unavailable'));
      await blocker;
      expect((await store.changesAfter({ revision: 0, isSettled: true }))?.revision).toBe(0);
    });

    it('is heard of within seconds over a way that loses what it is told', async () => {
      const proxy = await CuttingProxy.start(server.port);
      onTestFinished(() => proxy.close());
      const one = await open();
      const other = await open({ url: url.replace(`:${server.port}`, `:${proxy.port}`) });
      let told = 0;
      other.watch(() => {
        told += 1;
      });
      await other.load();
      await eventually(() => told).toBe(1);
      proxy.silent = 'listening';
      const startMs = performance.now();
      await one.commit(aCommit(0, [aPartner('a')]));
      await eventually(() => told).toBe(2);
      expect(performance.now() - startMs).toBeLessThan(3_000);
    });

    it('is closed within limits where nobody answers', async () => {
      const proxy = await CuttingProxy.start(server.port);
      onTestFinished(() => proxy.close());
      const lost: RegistryStoreError[] = [];
      const store = await openPostgresRegistryStore({
        url: url.replace(`:${server.port}`, `:${proxy.port}`),
        onListenerLost: error => lost.push(error),
      });
      let told = 0;
      store.watch(() => {
        told += 1;
      });
      await eventually(() => told).toBe(1);
      proxy.silent = 'everybody';
      await eventually(() => lost).toEqual([withCode('unavailable')]);
      const startMs = performance.now();
      await store.close();
      expect(performance.now() - startMs).toBeLessThan(4_000);
    });

    it('is unavailable where another holds the registry for too long', async () => {
      const store = await open({ statementTimeoutMs: 300 });
      const blocker = server.query(
        url,
        'BEGIN; UPDATE xingyun.head SET revision = revision; ' + 'SELECT pg_sleep(1.5); ROLLBACK',
      );
      await eventually(async () => {
        const locks = "SELECT 1 FROM pg_locks WHERE relation = 'xingyun.head'::regclass";
        return (await server.query(url, locks)).length;
      }).toBeGreaterThan(0);
      const commit = aCommit(0, [aPartner('a')]);
      await expect(store.commit(commit)).rejects.toThrow(withCode('unavailable'));
      await blocker;
      expect((await store.commit(commit)).revision).toBe(1);
    });
  });

  describe('that cannot be used', () => {
    const refusalOf = async (tried: string): Promise<RegistryStoreError> => {
      const refusal = await openPostgresRegistryStore({ url: tried }).catch(error => error);
      expect(refusal).toBeInstanceOf(RegistryStoreError);
      expect(await pendingPostgresMigrations({ url: tried }).catch(({ code }) => code)).toBe(
        refusal.code,
      );
      return refusal;
    };

    it.each([
      ['a user that is not there', () => url.replace('xingyun@', 'nobody:geheim@'), 'refuses'],
      ['a database that is not there', () => server.url('nowhere', 'xingyun:geheim'), 'create it'],
    ])('says so: %s', async (_name, tried, says) => {
      const { code, message } = await refusalOf(tried());
      expect(code).toBe('unusable');
      expect(message).toContain(says);
      expect(message).toContain(`127.0.0.1:${server.port}`);
      expect(message).not.toContain('geheim');
    });

    it('is unavailable where nobody listens', async () => {
      const { code, message } = await refusalOf('postgres://u:geheim@127.0.0.1:1/xingyun');
      expect(code).toBe('unavailable');
      expect(message).not.toContain('geheim');
    });

    it('says that a newer version of the gateway has been there', async () => {
      await (await open()).close();
      await server.query(url, "INSERT INTO xingyun.migrations VALUES ('9999-later', '2026-11-26')");
      const { code, message } = await refusalOf(url);
      expect(code).toBe('unusable');
      expect(message).toContain('9999-later');
    });

    it('says what a user may not do, and is content once others have made the tables', async () => {
      await server.query(url, 'CREATE USER gateway');
      const asGateway = url.replace('xingyun@', 'gateway@');
      const refusal = await openPostgresRegistryStore({ url: asGateway }).catch(error => error);
      expect([refusal.code, refusal.message]).toEqual([
        'unusable',
        expect.stringContaining('grants too little'),
      ]);
      await (await open()).close();
      await server.query(
        url,
        'GRANT USAGE ON SCHEMA xingyun TO gateway; ' +
          'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA xingyun TO gateway',
      );
      const store = await open({ url: asGateway });
      expect((await store.commit(aCommit(0, [aPartner('a')]))).revision).toBe(1);
    });
  });
});

// Needs the programs of PostgreSQL (scripts/install-test-tools.sh).
describe.skipIf(!hasPostgres)('a registry on a server with TLS and passwords', () => {
  let server: PostgresServer;
  let authority: Authority;
  const open = async (user: string, parameters: string) => {
    const url = `${server.url('postgres', user)}?${parameters}`;
    const store = await openPostgresRegistryStore({ url });
    onTestFinished(() => store.close());
    return store;
  };

  beforeAll(async () => {
    authority = new Authority('Registry tests');
    const { cert, key } = authority.issue('server', 'subjectAltName=IP:127.0.0.1\n');
    const rules = 'hostssl all guarded all scram-sha-256\nhost all xingyun all trust\n';
    const settings = ['ssl=on', 'ssl_cert_file=../cert.pem', 'ssl_key_file=../key.pem'];
    server = await PostgresServer.start({
      settings: [...settings, 'hba_file=hba.conf'],
      files: { 'cert.pem': cert, 'key.pem': key, 'hba.conf': rules },
    });
    const admin = server.url('postgres');
    await server.query(admin, "CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'geheim'");
  });
  afterAll(async () => {
    await server?.dispose();
    authority?.remove();
  });

  it('is used where certificate and password are right', async () => {
    const store = await open(
      'guarded:geheim',
      `sslrootcert=${authority.caFile}&sslmode=verify-full`,
    );
    expect((await store.load()).revision).toBe(0);
    await open('guarded:geheim', 'sslmode=require');
  });

  it.each([
    ['an authority that is not trusted', 'guarded:geheim', 'sslmode=verify-full', 'unavailable'],
    ['no TLS where the server wants it', 'guarded:geheim', 'sslmode=disable', 'unusable'],
    ['another password', 'guarded:falsch', 'sslmode=require', 'unusable'],
    ['no password', 'guarded', 'sslmode=require', 'unusable'],
  ])('is not used with %s', async (_name, user, parameters, code) => {
    const refusal = await open(user, parameters).catch(error => error);
    expect(refusal).toBeInstanceOf(RegistryStoreError);
    expect(refusal.code).toBe(code);
    expect(refusal.message).not.toMatch(/geheim|falsch/);
  });

  it('is not used in plain where TLS was asked for and the server has none', async () => {
    const plain = await PostgresServer.start();
    onTestFinished(() => plain.dispose());
    const url = `${plain.url('postgres')}?sslmode=require`;
    const refusal = await openPostgresRegistryStore({ url }).catch(error => error);
    expect(refusal.code).toBe('unavailable');
  });
});
