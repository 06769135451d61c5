/**
 * Kysely over node:sqlite. Its own SQLite dialect wants statements of another package, begins
 * transactions that may turn out to be unable to write, and rolls back what a full disk has rolled
 * back already.
 */
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';

/** The database stays the caller's: who opened it closes it. */
export class NodeSqliteDialect implements Dialect {
  private readonly database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  createDriver(): Driver {
    return new NodeSqliteDriver(this.database);
  }

  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }

  createAdapter() {
    return new TransactionalAdapter();
  }

  createIntrospector(db: Kysely<unknown>) {
    return new SqliteIntrospector(db);
  }
}

/** SQLite takes back what a transaction did to the schema, so migrations are all or nothing. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  private readonly database: DatabaseSync;
  private readonly connection: NodeSqliteConnection;

  constructor(database: DatabaseSync) {
    this.database = database;
    this.connection = new NodeSqliteConnection(database);
  }

  async init(): Promise<void> {}

  /** Kysely gives the one connection to one caller at a time. */
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.connection;
  }

  async beginTransaction(_connection: DatabaseConnection, settings: TransactionSettings) {
    this.database.exec(settings.accessMode === 'read only' ? 'BEGIN' : 'BEGIN IMMEDIATE');
  }

  async commitTransaction(): Promise<void> {
    this.database.exec('COMMIT');
  }

  async rollbackTransaction(): Promise<void> {
    // A full disk may have ended the transaction already.
    if (this.database.isTransaction) this.database.exec('ROLLBACK');
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}
}

/** Statements that are kept prepared; beyond it the one that was used longest ago goes. */
const STATEMENTS_MAX = 32;

class NodeSqliteConnection implements DatabaseConnection {
  private readonly database: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const statement = this.prepare(sql);
    const values = parameters as readonly SQLInputValue[];
    const names = statement.columns().map(({ name }) => name);
    if (names.length > 0) {
      const rows = statement.all(...values) as unknown as SQLOutputValue[][];
      return { rows: rows.map(row => toObject(names, row)) as R[] };
    }
    const { changes } = statement.run(...values);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  // biome-ignore lint/correctness/useYield: the registry reads no stream
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streams are not there over node:sqlite.');
  }

  private prepare(sql: string): StatementSync {
    const statement = this.statements.get(sql) ?? this.prepareNew(sql);
    this.statements.delete(sql);
    this.statements.set(sql, statement);
    if (this.statements.size > STATEMENTS_MAX) {
      this.statements.delete(this.statements.keys().next().value!);
    }
    return statement;
  }
  /** 170,000 rows of a registry: 0.28 s as arrays, 0.6 s where node:sqlite makes the objects. */
  private prepareNew(sql: string): StatementSync {
    const statement = this.database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }
}

function toObject(names: readonly string[], row: readonly SQLOutputValue[]) {
  const object: Record<string, SQLOutputValue> = {};
  for (let i = 0; i < names.length; i += 1) object[names[i]!] = row[i]!;
  return object;
}
