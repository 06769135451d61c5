/** The registry in a PostgreSQL database. */
export {
  openPostgresRegistryStore,
  type PostgresStoreOptions,
  pendingPostgresMigrations,
} from './registry-store.ts';
