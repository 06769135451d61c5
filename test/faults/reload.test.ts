/** `xingyun reload` while partners call: another process takes over, or the one before goes on. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { type StartedCommand, startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { TestGateway } from '../support/gateway.ts';
import { ACCOUNTS, ECHO, PartnerTraffic, SteadyTraffic } from '../support/partner-traffic.ts';
import { isRunning, stablePort } from '../support/processes.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Of a process that is replaced and keeps a connection that nobody uses. */
const RETIRE_MS = 2_000;

let bank: DemoBank;
let gateway: TestGateway;
let command: StartedCommand;
const opened: PartnerTraffic[] = [];

beforeEach(async () => {
  bank = await createDemoBank();
  const [port, adminPort] = [await stablePort(), await stablePort()];
  gateway = await TestGateway.prepare({
    upstreamPort: bank.port,
    config: {
      ...{ listener: { port }, admin: { port: adminPort }, fronts: { count: 2 } },
      registry: { store: 'sqlite' },
      shutdown: { retireTimeoutMs: RETIRE_MS },
    },
  });
  command = startCommand(['--config', gateway.files.configFile]);
  await command.ready();
});
afterEach(async () => {
  for (const partner of opened.splice(0)) await partner.close();
  await command.stop();
  await gateway.dispose();
  await bank.close();
});

function traffic(connections = 1): PartnerTraffic {
  const partner = new PartnerTraffic(gateway, { connections });
  opened.push(partner);
  return partner;
}

async function servingPid(): Promise<number> {
  const info = await (await fetch(`${gateway.adminUrl}/v1/info`)).json();
  return (info as { pid: number }).pid;
}

function reload(...flags: string[]): Promise<{ status: number; out: string; err: string }> {
  const { promise, resolve } = Promise.withResolvers<{
    status: number;
    out: string;
    err: string;
  }>();
  const args = [MAIN, 'reload', '--config', gateway.files.configFile, ...flags];
  execFile(process.execPath, args, (error, out, err) => {
    resolve({ status: error === null ? 0 : Number(error.code), out, err });
  });
  return promise;
}

describe('xingyun reload', () => {
  it('loses no call on kept connections and sessions, and accepts no replay', async () => {
    const before = await servingPid();
    const kept = traffic();
    const acceptedBefore = kept.sign(ACCOUNTS);
    expect((await kept.send(acceptedBefore)).status).toBe(200);
    const busy = traffic(4);
    const steady = new SteadyTraffic(busy, 4, () => busy.sign(ECHO));
    const session = await connect({ ...gateway.credentials(), baseUrl: gateway.url });
    let isCalling = true;
    let calls = 0;
    const calling = (async () => {
      for (; isCalling; calls++) await session.request('GET', ECHO);
    })();

    const answer = await reload('--json');
    expect(answer.status, answer.err).toBe(0);
    const { pid } = JSON.parse(answer.out);
    expect(pid).not.toBe(before);

    // The one before still has the connection that was kept, and asks the new one for nothing.
    const fresh = traffic();
    expect((await fresh.send(acceptedBefore)).code).toBe('signature-replayed');
    const acceptedAfter = fresh.sign(ACCOUNTS);
    expect((await fresh.send(acceptedAfter)).status).toBe(200);
    expect((await kept.send(acceptedAfter)).code).toBe('signature-replayed');

    await eventually(() => isRunning(before)).toBe(false);
    expect((await traffic().send(acceptedBefore)).code).toBe('signature-replayed');
    expect((await traffic().send(acceptedAfter)).code).toBe('signature-replayed');
    expect((await traffic().call(ACCOUNTS)).status).toBe(200);
    isCalling = false;
    await calling;
    await steady.stop();
    expect(steady.failed).toEqual([]);
    expect(steady.answers.length).toBeGreaterThan(20);
    expect(calls).toBeGreaterThan(5);
    await session.close();
    expect(await servingPid()).toBe(pid);
  });

  it('leaves the one before in charge where the configuration cannot be used', async () => {
    const before = await servingPid();
    const good = readFileSync(gateway.files.configFile, 'utf8');
    writeFileSync(gateway.files.configFile, `${good}\nnobodyKnows: 1\n`);
    const { status, err } = await reload();
    expect([status, err]).toEqual([1, expect.stringContaining('nobodyKnows')]);
    const taken = good.replace(`port: ${gateway.port}`, `port: ${bank.port}`);
    writeFileSync(gateway.files.configFile, taken);
    const unready = await reload();
    expect([unready.status, unready.err]).toEqual([1, expect.stringContaining('is taken by')]);
    const redisUrlFile = `${gateway.files.configFile}.redis`;
    writeFileSync(redisUrlFile, 'redis://127.0.0.1:1\n');
    const elsewhere = good.replace('noncesMax:', 'nonceStore: redis\n  noncesMax:');
    writeFileSync(gateway.files.configFile, `${elsewhere}redis: { urlFile: ${redisUrlFile} }\n`);
    const changed = await reload();
    expect([changed.status, changed.err]).toEqual([1, expect.stringContaining('nonceStore')]);
    writeFileSync(gateway.files.configFile, good);
    expect(await servingPid()).toBe(before);
    expect((await traffic().call(ACCOUNTS)).status).toBe(200);
    expect((await reload()).status).toBe(0);
    expect(await servingPid()).not.toBe(before);
  });

  it('whose new process is killed while it starts changes nothing, changes included', async () => {
    const before = await servingPid();
    const reloading = reload();
    const children = () => childrenOf(command.process.pid!).filter(pid => pid !== before);
    await eventually(() => children().length).toBe(1);
    process.kill(children()[0]!, 'SIGKILL');
    const { status, err } = await reloading;
    expect([status, err]).toEqual([1, expect.stringContaining('SIGKILL')]);
    expect(await servingPid()).toBe(before);
    expect((await traffic().call(ACCOUNTS)).status).toBe(200);
    await gateway.publish([{ topic: 'notices', id: 'after', data: {} }]);
  });

  it('whose process before is killed meanwhile ends with the new one in its place', async () => {
    const before = await servingPid();
    const accepted = traffic().sign(ACCOUNTS);
    expect((await traffic().send(accepted)).status).toBe(200);
    const reloading = reload();
    await eventually(() => childrenOf(command.process.pid!).length).toBe(2);
    process.kill(before, 'SIGKILL');
    expect((await reloading).status).toBe(0);
    expect(await servingPid()).not.toBe(before);
    expect((await traffic().send(accepted)).code).toBe('signature-replayed');
    expect((await traffic().call(ACCOUNTS)).status).toBe(200);
  });

  it('whose process before is killed keeps what was accepted', async () => {
    const before = await servingPid();
    const kept = traffic();
    expect((await kept.call(ACCOUNTS)).status).toBe(200);
    expect((await reload()).status).toBe(0);
    const fresh = traffic();
    const accepted = fresh.sign(ACCOUNTS);
    expect((await fresh.send(accepted)).status).toBe(200);
    process.kill(before, 'SIGKILL');
    await eventually(async () => (await fresh.call(ACCOUNTS)).status).toBe(200);
    expect((await fresh.send(accepted)).code).toBe('signature-replayed');
    expect(command.output.err).not.toContain('restart');
  });

  it('keeps events in their order, and what was subscribed to', async () => {
    const session = await connect({ ...gateway.credentials(), baseUrl: gateway.url });
    const subscription = session.subscribe('notices');
    const received: string[] = [];
    const reading = (async () => {
      for await (const event of subscription) {
        received.push(event.id);
        if (event.id === '4') return;
      }
    })();
    const publish = (id: string) =>
      eventually(() =>
        gateway.publish([{ topic: 'notices', id, data: {} }]).then(
          () => 'published',
          () => 'not yet',
        ),
      ).toBe('published');
    // Events of before it is subscribed are not its own.
    for (let probe = 0; received.length === 0; probe++) await publish(`probe-${probe}`);
    received.length = 0;
    await publish('1');
    const reloading = reload();
    await publish('2');
    expect((await reloading).status).toBe(0);
    await publish('3');
    await publish('4');
    await reading;
    expect(received.filter(id => !id.startsWith('probe'))).toEqual(['1', '2', '3', '4']);
    await session.close();
  });

  it('without a supervisor says what is missing', async () => {
    command.process.kill('SIGTERM');
    expect(await command.ended).toBe(0);
    const { status, err } = await reload();
    expect([status, err]).toEqual([1, expect.stringContaining('xingyun start')]);
  });
});

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
