/** The wall clock of a gateway is set while it runs: no call is accepted twice by it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../../src/demo/bank/index.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { ACCOUNTS, PartnerTraffic } from '../../support/partner-traffic.ts';
import { hasOtherTime, withClock } from './confined.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-clock-'));
const clock = join(folder, 'offset');
let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

/** As `date --set` would. */
function setClock(offset: string): void {
  writeFileSync(clock, `${offset}\n`);
}

async function gatewayTime(): Promise<number> {
  const answer = await fetch(`${gateway.adminUrl}/v1/info`);
  return Date.parse(answer.headers.get('date') ?? '');
}

// Debian’s faketime is asked for by scripts/install-test-tools.sh.
describe.skipIf(!hasOtherTime)('a clock that is set', () => {
  beforeAll(async () => {
    setClock('+0');
    bank = await createDemoBank();
    gateway = await TestGateway.start({ upstreamPort: bank.port, env: withClock(clock) });
    partner = new PartnerTraffic(gateway);
  });
  afterAll(async () => {
    await partner?.close();
    await gateway?.dispose();
    await bank?.close();
    rmSync(folder, { recursive: true });
  });

  it('forward refuses what others sign now, and back again takes no nonce twice', async () => {
    const accepted = partner.sign(ACCOUNTS);
    expect((await partner.send(accepted)).status).toBe(200);

    setClock('+1h');
    await eventually(async () => (await partner.call(ACCOUNTS)).code).toBe('signature-expired');
    expect((await partner.send(accepted)).code).toBe('signature-expired');

    setClock('+0');
    await eventually(async () => (await partner.call(ACCOUNTS)).status).toBe(200);
    expect((await partner.send(accepted)).code).toBe('signature-replayed');
  });

  it('back refuses what others sign now, and forward again takes no nonce twice', async () => {
    const accepted = partner.sign(ACCOUNTS);
    expect((await partner.send(accepted)).status).toBe(200);

    setClock('-1h');
    await eventually(async () => (await partner.call(ACCOUNTS)).code).toBe('signature-expired');
    expect((await partner.send(accepted)).status).not.toBe(200);

    setClock('+0');
    await eventually(async () => (await partner.call(ACCOUNTS)).status).toBe(200);
    expect((await partner.send(accepted)).code).toBe('signature-replayed');
    expect(Math.abs((await gatewayTime()) - Date.now())).toBeLessThan(5_000);
  });

  it('leaves calls that are under way alone: their time limits count otherwise', async () => {
    const slow = partner.call(`${ACCOUNTS}?demo-delay-ms=500`);
    await eventually(() => gateway.metric('xingyun_exchanges_in_flight')).toBe(1);
    await pause(100);
    setClock('+1h');
    expect((await slow).status).toBe(200);
    setClock('+0');
  });
});
