/**
 * How the tables came to be, step by step. A step that was released is never changed: the next one
 * changes what it made. Names sort in the order in which they run.
 */
import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { EMPTY_CHAIN } from '../audit-chain.ts';
import { RegistryStoreError } from '../registry-contract.ts';
import type { RegistryTables } from './tables.ts';

/** Where a driver keeps the tables. */
export interface TablesPlace {
  /** Without a schema: its queries name the tables alone. */
  readonly db: Kysely<RegistryTables>;
  /** Undefined where the database has none. */
  readonly schema: string | undefined;
  /** Put behind the type of a text that is compared byte by byte. */
  readonly byteOrder: string;
  /** "The registry /var/lib/xingyun/registry.sqlite", for sentences. */
  readonly subject: string;
}

/** Kysely's own names would say nothing to who looks into the database. */
const MIGRATIONS_TABLE = 'migrations';
const MIGRATIONS_LOCK_TABLE = 'migrations_lock';

/**
 * The names of the migrations that a start would run, in their order. Changes nothing.
 *
 * @throws RegistryStoreError `unusable` where a newer version of the gateway has been there
 */
export async function pendingIn(place: TablesPlace): Promise<string[]> {
  const known = Object.keys(migrationsOf(place)).sort();
  const executed = await executedIn(place);
  const unknown = executed.find(name => !known.includes(name));
  if (unknown !== undefined) {
    const changed = `${place.subject} was changed by a newer version of the gateway (${unknown})`;
    throw new RegistryStoreError('unusable', `${changed}: start that one.`);
  }
  return known.filter(name => !executed.includes(name));
}

/**
 * Brings the tables up to date, all steps or none, one process at a time.
 *
 * @returns the names of the migrations that it ran
 * @throws RegistryStoreError `unusable`, or whatever the database threw
 */
export async function migrate(place: TablesPlace): Promise<string[]> {
  // Also so that a user who may not make tables can start where there is nothing to make.
  const pending = await pendingIn(place);
  if (pending.length === 0) return [];
  const { error, results = [] } = await migratorOf(place).migrateToLatest();
  if (error !== undefined) throw error;
  return results.map(({ migrationName }) => migrationName);
}

async function executedIn({ db, schema }: TablesPlace): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  const isThere = tables.some(table => {
    return table.name === MIGRATIONS_TABLE && (schema === undefined || table.schema === schema);
  });
  if (!isThere) return [];
  const table = schema === undefined ? MIGRATIONS_TABLE : `${schema}.${MIGRATIONS_TABLE}`;
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)}`.execute(db);
  return rows.map(({ name }) => name);
}

function migratorOf(place: TablesPlace): Migrator {
  return new Migrator({
    db: place.db,
    provider: { getMigrations: async () => migrationsOf(place) },
    migrationTableName: MIGRATIONS_TABLE,
    migrationLockTableName: MIGRATIONS_LOCK_TABLE,
    ...(place.schema !== undefined && { migrationTableSchema: place.schema }),
  });
}

function migrationsOf(place: TablesPlace): Record<string, Migration> {
  const inPlace = (up: (db: Kysely<RegistryTables>, place: TablesPlace) => Promise<void>) => ({
    up: (db: Kysely<RegistryTables>) =>
      up(place.schema === undefined ? db : db.withSchema(place.schema), place),
  });
  return { '0001-registry': inPlace(createRegistry) };
}

async function createRegistry(db: Kysely<RegistryTables>, { byteOrder }: TablesPlace) {
  const ordered = sql.raw<string>(`text ${byteOrder}`);
  await db.schema
    .createTable('records')
    .addColumn('kind', ordered, column => column.notNull())
    .addColumn('id', ordered, column => column.notNull())
    .addColumn('version', 'bigint', column => column.notNull())
    .addColumn('revision', 'bigint', column => column.notNull())
    .addColumn('body', 'text')
    .addColumn('created_at_ms', 'bigint', column => column.notNull())
    .addColumn('updated_at_ms', 'bigint', column => column.notNull())
    .addPrimaryKeyConstraint('records_key', ['kind', 'id'])
    .execute();
  await db.schema.createIndex('records_by_revision').on('records').column('revision').execute();
  await db.schema
    .createTable('documents')
    .addColumn('name', ordered, column => column.notNull().primaryKey())
    .addColumn('text', 'text', column => column.notNull())
    .execute();
  await db.schema
    .createTable('audit')
    .addColumn('sequence', 'bigint', column => column.notNull().primaryKey())
    .addColumn('revision', 'bigint', column => column.notNull())
    .addColumn('time', 'text', column => column.notNull())
    .addColumn('actor', 'text', column => column.notNull())
    .addColumn('action', 'text', column => column.notNull())
    .addColumn('reason', 'text', column => column.notNull())
    .addColumn('subject', 'text', column => column.notNull())
    .addColumn('changes', 'text', column => column.notNull())
    .addColumn('previous_hash', 'text', column => column.notNull())
    .addColumn('hash', 'text', column => column.notNull())
    .execute();
  await db.schema
    .createTable('head')
    .addColumn('revision', 'bigint', column => column.notNull())
    .addColumn('audit_sequence', 'bigint', column => column.notNull())
    .addColumn('audit_hash', 'text', column => column.notNull())
    .execute();
  const { sequence, hash } = EMPTY_CHAIN;
  await db
    .insertInto('head')
    .values({ revision: 0, audit_sequence: sequence, audit_hash: hash })
    .execute();
}
