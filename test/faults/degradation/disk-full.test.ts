/** The disk of the state folder is full: calls go on, and what is to be kept is refused. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../../src/demo/bank/index.ts';
import { eventually } from '../../support/eventually.ts';
import { TestGateway } from '../../support/gateway.ts';
import { TestOperators } from '../../support/operators.ts';
import { ACCOUNTS, ECHO, PartnerTraffic } from '../../support/partner-traffic.ts';
import { hasMounts, onSmallDisk } from './confined.ts';

const DISK_MEGABYTES = 12;
/** Everyone's. */
const TOPIC = 'notices';

let bank: DemoBank;
let gateway: TestGateway;
let operators: TestOperators;
let partner: PartnerTraffic;

/** A path on the gateway's own disk. */
function inside(name: string): string {
  return join('/proc', String(gateway.process!.pid), 'root', gateway.files.dir, 'state', name);
}

function fillDisk(): void {
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    for (let part = 0; ; part++) {
      try {
        writeFileSync(inside(`filler-${size}-${part}`), Buffer.alloc(size));
      } catch {
        break;
      }
      if (part > 10_000) throw new Error('the disk does not fill');
    }
  }
}

function freeDisk(): void {
  for (const name of readdirSync(inside('')).filter(one => one.startsWith('filler-'))) {
    rmSync(inside(name));
  }
}

const event = (id: string) => ({ topic: TOPIC, id, data: { text: 'x'.repeat(2_000) } });

async function publishUntilRefused(): Promise<string> {
  for (let id = 0; id < 10_000; id++) {
    try {
      await gateway.publish([event(`full-${id}`)]);
    } catch (error) {
      return (error as Error).message;
    }
  }
  throw new Error('a full disk takes every event');
}

/** The answer of a change of one record, or of the last of many. */
async function rename(name: string): Promise<number> {
  const path = `${gateway.adminUrl}/v1/plans/standard`;
  const { headers } = await operators.ask('wei', path);
  const ifMatch = { 'if-match': headers.get('etag')! };
  return (await operators.ask('wei', path, 'PATCH', { name }, ifMatch)).status;
}

async function renameUntilRefused(): Promise<number> {
  for (let round = 0; round < 1_000; round++) {
    const status = await rename(`Standard ${round} ${'x'.repeat(100)}`);
    if (status !== 200) return status;
  }
  throw new Error('a full disk takes every change');
}

const keyed = (key: string) =>
  partner.call(ECHO, { method: 'POST', body: '{}', headers: { 'idempotency-key': key } });

async function orderUntilRefused(): Promise<string | undefined> {
  for (let round = 0; round < 2_000; round++) {
    const { status, code } = await keyed(`full-${round}`);
    if (status !== 200) return code;
  }
  throw new Error('a full disk takes every key');
}

// Only root may mount a disk.
describe.skipIf(!hasMounts)('a full disk', () => {
  beforeAll(async () => {
    bank = await createDemoBank();
    operators = new TestOperators({ wei: ['operator'] });
    gateway = await TestGateway.start({
      upstreamPort: bank.port,
      under: dir => onSmallDisk(join(dir, 'state'), DISK_MEGABYTES),
      config: {
        registry: { store: 'sqlite' },
        admin: { operatorsFile: operators.file },
        telemetry: { accessLogFile: 'state/access.log' },
      },
    });
    partner = new PartnerTraffic(gateway);
  });
  afterAll(async () => {
    await partner?.close();
    await gateway?.dispose();
    operators?.dispose();
    await bank?.close();
  });

  it('costs no call, refuses what could not be kept, and all of it is back with room', async () => {
    expect(await rename('Standard of before')).toBe(200);
    const before = await keyed('before');
    fillDisk();

    const accepted = partner.sign(ACCOUNTS);
    expect((await partner.send(accepted)).status).toBe(200);
    expect((await partner.send(accepted)).code).toBe('signature-replayed');
    expect(await renameUntilRefused()).toBe(503);
    expect(await publishUntilRefused()).toContain('"status":503');
    expect(await orderUntilRefused()).toBe('idempotency-unavailable');
    const again = await keyed('before');
    expect([again.status, again.text]).toEqual([200, before.text]);
    for (let call = 0; call < 200; call++) await partner.call(ACCOUNTS);
    await eventually(() => gateway.metric('xingyun_access_log_write_failed_total')).toBeGreaterThan(
      0,
    );
    expect((await fetch(`${gateway.adminUrl}/healthz`)).status).toBe(200);

    freeDisk();
    await eventually(() => rename('Standard of after')).toBe(200);
    await eventually(() => gateway.publish([event('after')]).then(() => 'published')).toBe(
      'published',
    );
    await eventually(async () => (await keyed('after')).status).toBe(200);
    expect((await partner.call(ACCOUNTS)).status).toBe(200);
    const logged = () => readFileSync(inside('access.log'), 'utf8').length;
    const loggedBefore = logged();
    await partner.call(ACCOUNTS);
    await eventually(logged).toBeGreaterThan(loggedBefore);
    expect(gateway.process!.exitCode).toBeNull();
  });
});
