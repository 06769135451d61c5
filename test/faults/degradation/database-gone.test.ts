/** PostgreSQL holds the registry and is killed: calls go on, changes wait for it to be back. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../../src/demo/bank/index.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { TestOperators } from '../../support/operators.ts';
import { ACCOUNTS, PartnerTraffic } from '../../support/partner-traffic.ts';
import { hasPostgres, PostgresServer } from '../../support/postgres.ts';

let server: PostgresServer;
let bank: DemoBank;
let gateway: TestGateway;
let operators: TestOperators;
let partner: PartnerTraffic;

async function rename(name: string): Promise<{ status: number; code: unknown }> {
  const path = `${gateway.adminUrl}/v1/plans/standard`;
  const { headers } = await operators.ask('wei', path);
  const ifMatch = { 'if-match': headers.get('etag')! };
  const { status, body } = await operators.ask('wei', path, 'PATCH', { name }, ifMatch);
  return { status, code: body?.code };
}

async function expectDegraded(): Promise<void> {
  expect((await partner.call(ACCOUNTS)).status).toBe(200);
  expect(await rename('Standard of a bad moment')).toMatchObject({ status: 503 });
  expect((await partner.call(ACCOUNTS)).status).toBe(200);
  expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);
}

// Where PostgreSQL is not installed.
describe.skipIf(!hasPostgres)('a registry whose database', () => {
  beforeAll(async () => {
    server = await PostgresServer.start();
    bank = await createDemoBank();
    operators = new TestOperators({ wei: ['operator'] });
    const url = await server.createDatabase();
    const fileOf = (name: string, text: string) => {
      const file = join(operators.folder, name);
      writeFileSync(file, `${text}\n`, { mode: 0o600 });
      return file;
    };
    const secretKeyFile = fileOf('keys', `k1 ${randomBytes(32).toString('base64')}`);
    gateway = await TestGateway.start({
      upstreamPort: bank.port,
      config: {
        registry: {
          ...{ store: 'postgres', secretKeyFile },
          postgresUrlFile: fileOf('postgres.url', url),
        },
        admin: { operatorsFile: operators.file },
      },
    });
    partner = new PartnerTraffic(gateway);
  }, 60_000);
  afterAll(async () => {
    await partner?.close();
    await gateway?.dispose();
    operators?.dispose();
    await bank?.close();
    await server?.dispose();
  });

  it('is killed costs no call, refuses changes, and takes them when it is back', async () => {
    expect(await rename('Standard of before')).toMatchObject({ status: 200 });
    await server.kill();
    await expectDegraded();
    await server.boot();
    await eventually(async () => (await rename('Standard of after')).status).toBe(200);
  }, 60_000);
});
