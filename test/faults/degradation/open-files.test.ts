/** The process may open no further file: who is connected goes on, others once some leave. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../../src/demo/bank/index.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../../support/partner-traffic.ts';
import { withOpenFiles } from './confined.ts';

const OPEN_FILES = 160;
const PEERS = 300;

let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({
    upstreamPort: bank.port,
    under: () => withOpenFiles(OPEN_FILES),
    config: { fronts: { count: 1 } },
  });
  partner = new PartnerTraffic(gateway);
});
afterAll(async () => {
  await partner?.close();
  await gateway?.dispose();
  await bank?.close();
});

function connectSilently(): Socket {
  return connect({ port: gateway.port, host: '127.0.0.1' }).on('error', () => undefined);
}

describe('a process that may open no further file', () => {
  it('serves who is connected, tells its operators, and takes others once some leave', async () => {
    expect((await partner.call(ACCOUNTS)).status).toBe(200);
    const peers = Array.from({ length: PEERS }, connectSilently);
    await eventually(() => gateway.metric('xingyun_connections_refused_total')).toBeGreaterThan(0);
    expect(gateway.log).toContain('Fewer connections per front than configured');
    for (let call = 0; call < 20; call++) {
      expect((await partner.call(ACCOUNTS)).status).toBe(200);
    }

    for (const peer of peers) peer.destroy();
    const late = new PartnerTraffic(gateway);
    await eventually(async () => (await late.call(ACCOUNTS)).status).toBe(200);
    await late.close();
    expect(gateway.process!.exitCode).toBeNull();
  });
});
