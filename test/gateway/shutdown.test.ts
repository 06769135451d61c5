/** How the gateway process ends: drained, cut, twice asked, half started, and without a parent. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, watch } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { type GatewayOptions, TestGateway } from '../support/gateway.ts';
import { type CallAnswer, ECHO, PartnerTraffic } from '../support/partner-traffic.ts';
import { isListening, isRunning, stablePort } from '../support/processes.ts';

let bank: DemoBank;
let gateway: TestGateway;
let partner: PartnerTraffic;

beforeAll(async () => {
  bank = await createDemoBank();
});
afterAll(() => bank.close());
afterEach(async () => {
  await partner?.close();
  await gateway.dispose();
});

async function start(config: GatewayOptions['config'] = {}): Promise<void> {
  gateway = await TestGateway.start({ upstreamPort: bank.port, config });
  partner = new PartnerTraffic(gateway, { connections: 16 });
}

/** Sends the calls and waits until the gateway has all of them in flight. */
async function inFlight(calls: readonly (() => Promise<CallAnswer>)[]) {
  const answers = calls.map(call => call().catch((error: Error) => error));
  await eventually(() => gateway.metric('xingyun_exchanges_in_flight')).toBe(calls.length);
  return answers;
}

const slowGet = () => partner.call(`${ECHO}?demo-delay-ms=800`);
const slowPost = () => partner.call(`${ECHO}?demo-delay-ms=800`, { method: 'POST', body: '{}' });
const hangingGet = () => partner.call(`${ECHO}?demo-fault=hang`);
const hangingPost = () => partner.call(`${ECHO}?demo-fault=hang`, { method: 'POST', body: '{}' });

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', signal => {
  it('lets calls in flight finish and takes no new connection', async () => {
    await start({ fronts: { count: 2 } });
    const answers = await inFlight([slowGet, slowGet, slowGet, slowPost, slowPost, slowPost]);
    const ended = gateway.end(signal);
    await eventually(() => isListening(gateway.port)).toBe(false);
    const finished = (await Promise.all(answers)) as CallAnswer[];
    expect(finished.map(({ status }) => status)).toEqual(Array(6).fill(200));
    // The partner is asked to take another connection.
    expect(finished.map(({ headers }) => headers.connection)).toEqual(Array(6).fill('close'));
    expect(await ended).toBe(0);
    expect(gateway.log).not.toMatch(/"level":[56]0/);
  });
});

describe('drainTimeoutMs', () => {
  it('cuts what hangs, and the exit status is 0 all the same', async () => {
    await start({ shutdown: { drainTimeoutMs: 300 } });
    const answers = await inFlight([hangingGet, hangingGet, hangingPost, hangingPost]);
    const startedMs = performance.now();
    expect(await gateway.end()).toBe(0);
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThanOrEqual(299);
    expect(tookMs).toBeLessThan(3_000);
    for (const answer of await Promise.all(answers)) expect(answer).toBeInstanceOf(Error);
    expect(gateway.log).toMatch(/"cut":4,.*drainTimeoutMs/);
  });

  it('of 0 cuts at once', async () => {
    await start({ shutdown: { drainTimeoutMs: 0 } });
    const answers = await inFlight([hangingGet, hangingPost]);
    expect(await gateway.end()).toBe(0);
    for (const answer of await Promise.all(answers)) expect(answer).toBeInstanceOf(Error);
  });
});

describe('a second signal', () => {
  it('neither cuts the drain short nor changes the status', async () => {
    await start();
    const answers = await inFlight([slowGet, slowPost]);
    const ended = gateway.end('SIGINT');
    // Signals that are pending together are delivered in the order of their numbers.
    await eventually(async () => (await fetch(`${gateway.adminUrl}/readyz`)).status).toBe(503);
    gateway.process!.kill('SIGINT');
    gateway.process!.kill('SIGTERM');
    // Nothing is read again while the gateway drains.
    gateway.process!.kill('SIGHUP');
    const finished = (await Promise.all(answers)) as CallAnswer[];
    expect(finished.map(({ status }) => status)).toEqual([200, 200]);
    expect(await ended).toBe(0);
    expect(gateway.log).not.toContain('registry');
  });
});

describe('SIGTERM while the gateway starts', () => {
  it('ends it with status 0 and nothing listens', async () => {
    const port = await stablePort();
    await start({ listener: { port } });
    expect(await gateway.end()).toBe(0);
    const entry = new URL('../../src/gateway-process.ts', import.meta.url);
    const begun = {
      'its process is there': (child: ChildProcess) => once(child, 'spawn'),
      'its state is opened': () => changed(gateway.files.stateDir, 'nonces.bin'),
      'its fronts listen': () => eventually(() => isListening(port)).toBe(true),
    };
    for (const [moment, reached] of Object.entries(begun)) {
      const child = fork(entry, [gateway.files.configFile], { execArgv: [], stdio: 'ignore' });
      const ended = new Promise(resolve => child.once('exit', (code, by) => resolve(code ?? by)));
      await reached(child);
      child.kill('SIGTERM');
      // Before its handlers are there the signal itself ends the process.
      const statuses = moment === 'its process is there' ? [0, 'SIGTERM'] : [0];
      expect(await ended, moment).toBeOneOf(statuses);
      expect(await isListening(port)).toBe(false);
    }
    await gateway.boot();
    partner = new PartnerTraffic(gateway);
    expect((await partner.call(ECHO)).status).toBe(200);
  }, 40_000);
});

/** Resolves when the file changes the next time. */
function changed(folder: string, file: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watcher = watch(folder, (_, name) => {
    if (name !== file) return;
    watcher.close();
    resolve();
  });
  return promise;
}

describe('a supervisor that is killed', () => {
  it('leaves no orphan: the gateway drains and ends', async () => {
    await start();
    expect(await gateway.end()).toBe(0);
    const command = startCommand(['--config', gateway.files.configFile]);
    const { url, adminUrl } = await command.ready();
    Object.assign(gateway, { url, adminUrl });
    const { pid } = (await (await fetch(`${adminUrl}/v1/info`)).json()) as { pid: number };
    expect(pid).not.toBe(command.process.pid);
    await partner.close();
    partner = new PartnerTraffic(gateway, { connections: 4 });
    const answers = await inFlight([slowGet, slowPost]);

    command.process.kill('SIGKILL');
    const finished = (await Promise.all(answers)) as CallAnswer[];
    expect(finished.map(({ status }) => status)).toEqual([200, 200]);
    await eventually(() => isRunning(pid)).toBe(false);
    expect(existsSync(gateway.files.stateDir)).toBe(true);
    await command.ended;
  });
});
