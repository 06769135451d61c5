/** What hosts share in a PostgreSQL database: the registry, and keys of calls. */
export { openPostgresIdempotency } from './idempotency-driver.ts';
export {
  openPostgresRegistryStore,
  type PostgresStoreOptions,
  pendingPostgresMigrations,
} from './registry-store.ts';
