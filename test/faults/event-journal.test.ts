/** The events of a gateway that is killed, whose disk is full, or whose file is broken. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS } from '../support/partner-traffic.ts';

let bank: DemoBank;
let gateway: TestGateway;

beforeAll(async () => {
  bank = await createDemoBank();
  gateway = await TestGateway.start({ upstreamPort: bank.port });
});
afterAll(async () => {
  await gateway?.dispose();
  await bank.close();
});

function anEvent(id: string, data: unknown = null) {
  return { topic: 'transfer-status', partner: 'nebula-pay', id, data };
}

const stateFile = (name: string) => join(gateway.files.stateDir, name);

it('kill -9 in the middle of publications loses none that was acknowledged', async () => {
  const acknowledged: { id: string; cursor: string }[] = [];
  let next = 1;
  const publishUntilKilled = async () => {
    for (;;) {
      const id = `killed-${next++}`;
      const receipts = await gateway.publish([anEvent(id)]).catch(() => undefined);
      if (receipts === undefined) return;
      acknowledged.push(...receipts);
      if (acknowledged.length === 300) gateway.process!.kill('SIGKILL');
    }
  };
  const { journalId } = await gateway.journal();
  await Promise.all(Array.from({ length: 8 }, publishUntilKilled));
  expect(acknowledged.length).toBeGreaterThanOrEqual(300);
  await gateway.end('SIGKILL');

  await gateway.boot();
  const after = await gateway.journal();
  expect(after.journalId).toBe(journalId);
  expect(after.head).toBeGreaterThanOrEqual(acknowledged.length);
  const again = await gateway.publish(acknowledged.map(({ id }) => anEvent(id)));
  expect(again).toEqual(acknowledged.map(({ id, cursor }) => ({ id, cursor, duplicate: true })));
  const [receipt] = await gateway.publish([anEvent('first-after')]);
  expect(receipt!.cursor).toBe(`${journalId}.${after.head + 1}`);
  expect(await gateway.metric('xingyun_event_journal_events')).toBe(after.head + 1);
});

/** Whether files of another process can be limited in size, as a full disk would. */
const canLimit = spawnSync('prlimit', ['--version']).status === 0;

// Needs the prlimit command.
it.skipIf(!canLimit)(
  'a file that cannot grow takes no events, and the gateway goes on',
  async () => {
    const limitFiles = (bytes: number | 'unlimited') => {
      const pid = String(gateway.process!.pid);
      execFileSync('prlimit', ['--pid', pid, `--fsize=${bytes}:unlimited`]);
    };
    const large = Array.from({ length: 30 }, (_, i) => anEvent(`l-${i}`, 'x'.repeat(20_000)));
    await gateway.publish(large);
    const { head } = await gateway.journal();
    limitFiles(statSync(stateFile('events.sqlite-wal')).size);
    const events = Array.from({ length: 5 }, (_, i) => anEvent(`late-${i}`, 'x'.repeat(20_000)));
    for (let i = 0; i < 3; i += 1) {
      await expect(gateway.publish(events)).rejects.toThrow('"code":"journal-unavailable"');
    }
    expect(await gateway.metric('xingyun_events_publish_failed_total')).toBe(15);
    expect(await gateway.client().request('GET', ACCOUNTS)).toHaveProperty('accounts');
    await eventually(() => gateway.log).toContain('Events cannot be published.');

    limitFiles('unlimited');
    const receipts = await gateway.publish([...large, ...events]);
    expect(receipts.filter(({ duplicate }) => duplicate)).toHaveLength(large.length);
    expect((await gateway.journal()).head).toBe(head + events.length);
  },
);

it('a broken file stops the start, and the message says what to do', async () => {
  const { head } = await gateway.journal();
  expect(await gateway.end()).toBe(0);
  const file = stateFile('events.sqlite');
  const whole = readFileSync(file);
  writeFileSync(file, Buffer.from(whole).fill(0x5a, 8_192, 12_288));
  await expect(gateway.boot()).rejects.toThrow(/events\.sqlite is damaged: move it/);
  writeFileSync(file, 'notes of somebody');
  await expect(gateway.boot()).rejects.toThrow(/events\.sqlite is not an event journal: move it/);
  writeFileSync(file, whole);
  await gateway.boot();
  expect((await gateway.journal()).head).toBe(head);
});
