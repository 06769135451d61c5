/**
 * The registry in a file of this host, for one process at a time.
 *
 * A virtual machine with two cores, ext4, 170,000 records of 350 bytes: the first commit takes 2.2
 * to 2.4 s, of which 0.7 s make the canonical form of its audit entry; loading takes 0.6 to 0.9 s,
 * a commit of one record 0.4 ms (median). Reading past Kysely would gain nothing: the rows and
 * their JSON are all of it.
 */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { type RegistryStore, RegistryStoreError } from '../registry-contract.ts';
import { migrate, pendingIn, type TablesPlace } from '../sql/migrations.ts';
import { SqlRegistryStore, type Stage } from '../sql/registry-store.ts';
import type { RegistryTables } from '../sql/tables.ts';
import {
  type FileFormat,
  openDatabaseFile,
  primaryCode,
  SQLITE_FULL,
  SQLITE_IOERR,
} from './database-file.ts';
import { NodeSqliteDialect } from './node-sqlite-dialect.ts';

/** Of pages, where there are so many: a large registry's first commit writes each page once. */
const CACHE_KIB = 32_768;

const REGISTRY: FileFormat = {
  noun: 'registry',
  /** "xyRG" */
  applicationId: 0x7879_5247,
  version: 1,
  // While one process takes over from another; only one of them writes.
  isShared: true,
  wayOut:
    'move it and the file with -wal beside it away, and put both of a backup in their place. ' +
    'Without them the gateway starts with an empty registry.',
  /** Its tables are made by migrations, which tell their versions themselves. */
  create() {},
  unusable: (message, cause) => new RegistryStoreError('unusable', message, cause),
};

/**
 * Opens the registry, or makes it, and brings its tables up to date.
 *
 * @throws RegistryStoreError `unusable`, with what the operator can do
 */
export async function openSqliteRegistryStore(path: string): Promise<RegistryStore> {
  const database = openDatabaseFile(path, REGISTRY);
  const place = placeIn(database, path);
  try {
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    await migrate(place);
  } catch (error) {
    database.close();
    throw openError(error, path);
  }
  return new SqlRegistryStore({
    driver: 'sqlite',
    db: place.db,
    asStoreError: operationError,
    close: async underWay => {
      await underWay;
      database.close();
    },
  });
}

/**
 * The names of the migrations that opening the registry would run. Makes no file.
 *
 * @throws RegistryStoreError `unusable`
 */
export async function pendingSqliteMigrations(path: string): Promise<string[]> {
  const database = existsSync(path)
    ? openDatabaseFile(path, REGISTRY)
    : new DatabaseSync(':memory:');
  try {
    return await pendingIn(placeIn(database, path));
  } catch (error) {
    throw openError(error, path);
  } finally {
    database.close();
  }
}

function placeIn(database: DatabaseSync, path: string): TablesPlace {
  const db = new Kysely<RegistryTables>({ dialect: new NodeSqliteDialect(database) });
  // Texts of SQLite are compared byte by byte as they are.
  return { db, schema: undefined, byteOrder: '', subject: `The registry ${path}` };
}

function openError(error: unknown, path: string): unknown {
  if (primaryCode(error) === undefined) return error;
  const reason = (error as Error).message;
  return REGISTRY.unusable(`The registry ${path} cannot be opened: ${reason}.`, error);
}

/**
 * A log that could not be written to the disk at COMMIT may still be there after a crash: it is
 * not known whether the commit is, while one that had no room is not there.
 */
function operationError(error: unknown, stage: Stage): unknown {
  const code = primaryCode(error);
  if (code === undefined) return error;
  if (code === SQLITE_FULL) {
    return new RegistryStoreError('full', 'The disk has no room for the registry.', error);
  }
  const outcome = stage === 'commit' && code === SQLITE_IOERR ? 'unknown' : 'failed';
  const reason = (error as Error).message;
  return new RegistryStoreError(outcome, `The registry cannot be used: ${reason}.`, error);
}
