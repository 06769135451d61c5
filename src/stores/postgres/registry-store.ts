/**
 * The registry in a PostgreSQL database, for several hosts at a time.
 *
 * A virtual machine with two cores, the server on it, 170,000 records of 350 bytes: the first
 * commit takes 4.6 s, loading 0.7 s, a commit of one record 2.4 ms (median).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { RegistryHead, RegistryStore, RegistryStoreError } from '../registry-contract.ts';
import { migrate, pendingIn, type TablesPlace } from '../sql/migrations.ts';
import { SqlRegistryStore } from '../sql/registry-store.ts';
import type { HeadRow, RegistryTables } from '../sql/tables.ts';
import { COMMIT_CHANNEL, CommitListener, type TimedQuery } from './commit-listener.ts';
import { type DatabaseAddress, readDatabaseUrl } from './connection-url.ts';
import { HeadPoll } from './head-poll.ts';
import { OpenSockets } from './open-sockets.ts';
import { asOpenError, asStoreError } from './store-errors.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. */
  readonly url: string;
  readonly connectionsMax?: number;
  readonly connectTimeoutMs?: number;
  /** Of one statement. A server that says nothing at all is given up a little later. */
  readonly statementTimeoutMs?: number;
  /** How often it is asked where the registry is, beside what is told. */
  readonly pollIntervalMs?: number;
  /** Told once each time that other hosts' commits cannot be heard of for the moment. */
  readonly onListenerLost?: (error: RegistryStoreError) => void;
}

const SCHEMA = 'xingyun';
const CONNECTIONS_MAX = 4;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** A start also waits for another gateway's migrations. */
const MIGRATION_TIMEOUT_MS = 120_000;
/** What an answer may take beyond the server's own limit: then nobody is there. */
const SILENCE_GRACE_MS = 5_000;
/** A host that stops in the middle of a commit keeps all others waiting for so long. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_DELAY_MS = 10_000;
const POLL_INTERVAL_MS = 1_000;
const POLL_TIMEOUT_MS = 2_000;
/** What is under way at the end may still take so long: as much as the largest first commit. */
const LAST_COMMIT_MAX_MS = 5_000;
/** Then connections are ended as the protocol has it, and those that nobody answers are cut. */
const GOODBYE_MAX_MS = 2_000;
/** Waiting for another commit to end; beyond it the caller asks again. */
const LOCK_TIMEOUT = sql`set local lock_timeout = '2s'`;
const HEAD: TimedQuery = {
  text: `SELECT revision, audit_sequence, audit_hash FROM ${SCHEMA}.head`,
  query_timeout: POLL_TIMEOUT_MS,
};

/**
 * Opens the registry and brings its tables up to date.
 *
 * @throws RegistryStoreError `unusable`, with what the operator can do; `unavailable` where the
 *   database cannot be reached, and a later call may succeed
 */
export async function openPostgresRegistryStore(
  options: PostgresStoreOptions,
): Promise<RegistryStore> {
  const address = readDatabaseUrl(options.url);
  await atStart(options, address, migrate);
  const { statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const sockets = new OpenSockets();
  const config = {
    ...clientConfig(options, address, statementTimeoutMs),
    stream: () => sockets.open(),
  };
  const pool = makePool(config, options.connectionsMax ?? CONNECTIONS_MAX);
  const ownName = randomBytes(8).toString('hex');
  const hearing = new Hearing(error => {
    options.onListenerLost?.(asStoreError(error, address.subject) as RegistryStoreError);
  });
  const listener = new CommitListener({
    ...{ config, ownName },
    onLost: error => hearing.isLost('told', error),
    onListening: () => hearing.isBack('told'),
  });
  const poll = new HeadPoll({
    intervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
    ask: () => askHead(pool),
    onFailure: error => hearing.isLost('asked', error),
    onAnswer: () => hearing.isBack('asked'),
  });
  return new SqlRegistryStore({
    driver: 'postgres',
    db: placeIn(pool, address).db.withSchema(SCHEMA),
    asStoreError: (error, stage) => asStoreError(error, address.subject, stage),
    announce: writing => sql`select pg_notify(${COMMIT_CHANNEL}, ${ownName})`.execute(writing),
    awaitWriters: async reading => {
      await LOCK_TIMEOUT.execute(reading);
      await reading.selectFrom('head').select('revision').forUpdate().execute();
    },
    onHead: head => poll.note(head),
    watch: onCommit => {
      listener.listen(onCommit);
      poll.listen(onCommit);
    },
    close: async underWay => {
      await within(LAST_COMMIT_MAX_MS, underWay);
      const goodbyes = [listener.close(), poll.close(), pool.end()];
      await within(GOODBYE_MAX_MS, Promise.allSettled(goodbyes));
      sockets.destroy();
    },
  });
}

async function askHead(pool: pg.Pool): Promise<RegistryHead> {
  const { rows } = await pool.query<HeadRow>(HEAD);
  const [head] = rows;
  if (head === undefined) throw new Error('The head of the registry is missing');
  const { revision, audit_sequence: sequence, audit_hash: hash } = head;
  return { revision, auditHead: { sequence, hash } };
}

/** The ways in which other hosts' commits are heard of: that one is lost is told once for all. */
class Hearing {
  private readonly lost = new Set<string>();
  private readonly onLost: (error: unknown) => void;

  constructor(onLost: (error: unknown) => void) {
    this.onLost = onLost;
  }

  isLost(way: string, error: unknown): void {
    if (this.lost.size === 0) this.onLost(error);
    this.lost.add(way);
  }

  isBack(way: string): void {
    this.lost.delete(way);
  }
}

async function within(limitMs: number, promise: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([promise, limit]);
  over.abort();
}

/**
 * The names of the migrations that opening the registry would run.
 *
 * @throws RegistryStoreError `unusable` or `unavailable`
 */
export function pendingPostgresMigrations(options: PostgresStoreOptions): Promise<string[]> {
  return atStart(options, readDatabaseUrl(options.url), pendingIn);
}

async function atStart<T>(
  options: PostgresStoreOptions,
  address: DatabaseAddress,
  run: (place: TablesPlace) => Promise<T>,
): Promise<T> {
  const pool = makePool(clientConfig(options, address, MIGRATION_TIMEOUT_MS), 1);
  try {
    return await run(placeIn(pool, address));
  } catch (error) {
    throw asOpenError(error, address.subject);
  } finally {
    await pool.end();
  }
}

function clientConfig(
  options: PostgresStoreOptions,
  { config }: DatabaseAddress,
  statementTimeoutMs: number,
): pg.ClientConfig {
  return {
    ...config,
    application_name: 'xingyun-gateway',
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + SILENCE_GRACE_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
    types: { getTypeParser: parserOf },
  };
}

/** Revisions and times are far below 2^53: numbers, as SQLite has them, and not texts. */
function parserOf(oid: number, format?: string) {
  if (oid === pg.types.builtins.INT8 && format !== 'binary') return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}

function makePool(config: pg.ClientConfig, connectionsMax: number): pg.Pool {
  const pool = new pg.Pool({ ...config, max: connectionsMax });
  // Without listeners a connection that is lost, idle or in use, would end the process. Whoever
  // uses it gets the error of its query, and the pool makes another one.
  pool.on('error', () => undefined);
  pool.on('connect', client => client.on('error', () => undefined));
  return pool;
}

function placeIn(pool: pg.Pool, { subject }: DatabaseAddress): TablesPlace {
  const db = new Kysely<RegistryTables>({ dialect: new PostgresDialect({ pool }) });
  return { db, schema: SCHEMA, byteOrder: 'collate "C"', subject };
}
