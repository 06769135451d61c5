import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgresRegistryStore } from '../../../src/stores/postgres/index.ts';
import { hasPostgres, PostgresServer } from '../../support/postgres.ts';
import { describeRegistryStore } from '../registry-store-contract.ts';

// Needs the programs of PostgreSQL (scripts/install-test-tools.sh).
describe.skipIf(!hasPostgres)('on a server of its own', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start();
  });
  afterAll(() => server?.dispose());

  describeRegistryStore('postgres', async () => {
    const url = await server.createDatabase();
    return { open: () => openPostgresRegistryStore({ url }) };
  });
});
