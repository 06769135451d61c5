/**
 * The registry in a PostgreSQL database, for several hosts at a time.
 *
 * A virtual machine with two cores, the server on it, 170,000 records of 350 bytes: the first
 * commit takes 4.6 s, loading 0.7 s, a commit of one record 2.4 ms (median).
 */
import { randomBytes } from 'node:crypto';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { RegistryStore, RegistryStoreError } from '../registry-contract.ts';
import { migrate, pendingIn, type TablesPlace } from '../sql/migrations.ts';
import { SqlRegistryStore } from '../sql/registry-store.ts';
import type { RegistryTables } from '../sql/tables.ts';
import { COMMIT_CHANNEL, CommitListener } from './commit-listener.ts';
import { type DatabaseAddress, readDatabaseUrl } from './connection-url.ts';
import { asOpenError, asStoreError } from './store-errors.ts';

export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. */
  readonly url: string;
  readonly connectionsMax?: number;
  readonly connectTimeoutMs?: number;
  /** Of one statement. A server that says nothing at all is given up a little later. */
  readonly statementTimeoutMs?: number;
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
  const config = clientConfig(options, address, statementTimeoutMs);
  const pool = makePool(config, options.connectionsMax ?? CONNECTIONS_MAX);
  const ownName = randomBytes(8).toString('hex');
  const listener = new CommitListener({
    config,
    ownName,
    onLost: error => {
      options.onListenerLost?.(asStoreError(error, address.subject) as RegistryStoreError);
    },
  });
  return new SqlRegistryStore({
    driver: 'postgres',
    db: placeIn(pool, address).db.withSchema(SCHEMA),
    asStoreError: (error, committing) => asStoreError(error, address.subject, committing),
    announce: writing => sql`select pg_notify(${COMMIT_CHANNEL}, ${ownName})`.execute(writing),
    watch: onCommit => listener.listen(onCommit),
    close: async () => {
      await listener.close();
      await pool.end();
    },
  });
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
