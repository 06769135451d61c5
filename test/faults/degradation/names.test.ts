/** The name of an upstream cannot be resolved for a while. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../../src/demo/bank/index.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../../support/partner-traffic.ts';
import { hasMounts, withHosts } from './confined.ts';

const NAME = 'core-bank.xingyun.test';
const KEEP_ALIVE_MS = 300;

const folder = mkdtempSync(join(tmpdir(), 'xingyun-names-'));
const hosts = join(folder, 'hosts');
let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

function setHosts(...names: string[]): void {
  writeFileSync(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`);
}

// Only root may mount another file over /etc/hosts.
describe.skipIf(!hasMounts)('a name that cannot be resolved', () => {
  beforeAll(async () => {
    setHosts(NAME);
    bank = await createDemoBank();
    gateway = await TestGateway.start({
      upstreamPort: bank.port,
      under: () => withHosts(hosts),
      registry: ({ upstreams }) => {
        for (const upstream of upstreams as Record<string, unknown>[]) {
          upstream.url = `http://${NAME}:${bank.port}`;
          upstream.keepAliveMs = KEEP_ALIVE_MS;
        }
      },
    });
    partner = new PartnerTraffic(gateway);
  });
  afterAll(async () => {
    await partner?.close();
    await gateway?.dispose();
    await bank?.close();
    rmSync(folder, { recursive: true });
  });

  it('refuses the calls of that upstream in time, and is back with the name', async () => {
    expect((await partner.call(ACCOUNTS)).status).toBe(200);

    setHosts();
    // Connections that are there need no name.
    await pause(3 * KEEP_ALIVE_MS);
    const refused = await partner.call(ACCOUNTS);
    expect(refused.code).toBe('upstream-unreachable');
    expect((await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(200);

    setHosts(NAME);
    await eventually(async () => (await partner.call(ACCOUNTS)).status).toBe(200);
  });
});
