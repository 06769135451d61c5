/** `xingyun start --demo` as a newcomer uses it: in an empty folder, with Ctrl-C at the end. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPartnerClient, type PartnerClient } from '../../src/client/index.ts';
import { type CommandOptions, type StartedCommand, startCommand } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { isListening, isRunning, stablePort } from '../support/processes.ts';
import { runCli } from './run-cli.ts';

const ACCOUNTS = '/accounts/v1/accounts';

let dir: string;
let ports: [listener: number, admin: number];
let command: StartedCommand;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-demo-'));
  ports = [await stablePort(), await stablePort()];
});
afterEach(async () => {
  await command.stop();
  rmSync(dir, { recursive: true });
});

function start(more: readonly string[] = [], options: CommandOptions = {}): StartedCommand {
  const [port, adminPort] = ports.map(String) as [string, string];
  const demo = ['--demo', '--port', port, '--admin-port', adminPort];
  command = startCommand([...demo, ...more], { cwd: dir, ...options });
  return command;
}

function client(): PartnerClient {
  const file = join(dir, '.xingyun', 'client.json');
  const { baseUrl, keyId, algorithm, privateKeyFile } = JSON.parse(readFileSync(file, 'utf8'));
  const privateKey = readFileSync(join(dir, '.xingyun', privateKeyFile), 'utf8');
  return createPartnerClient({ baseUrl, keyId, algorithm, privateKey });
}

function call(): Promise<object> {
  return client().request('GET', ACCOUNTS);
}

/** The port of the bank behind the gateway, and of the process that listens there. */
function bankPort(): number {
  const registry = readFileSync(join(dir, '.xingyun', 'registry.yaml'), 'utf8');
  return Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(registry)![1]);
}

/** An answer of the admin listener to the demonstration's operator. */
async function admin(method: string, path: string, body?: object) {
  const token = readFileSync(join(dir, '.xingyun', 'operator.token'), 'utf8').trim();
  const response = await fetch(`http://127.0.0.1:${ports[1]}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  return (await response.json()) as any;
}

async function isConsoleServed(): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${ports[1]}/console/`);
  // What is not read keeps its connection, which the gateway waits for at its end.
  await response.text();
  return response.ok;
}

interface Info {
  readonly pid: number;
  readonly journal: { readonly head: number };
}

async function info(): Promise<Info> {
  return (await (await fetch(`http://127.0.0.1:${ports[1]}/v1/info`)).json()) as Info;
}

async function gatewayPid(): Promise<number> {
  return (await info()).pid;
}

describe('xingyun start --demo', () => {
  it('says ready when the first call succeeds, then what to paste', async () => {
    start([], { json: false });
    await command.said('\n');
    expect(await call()).toHaveProperty('accounts');
    const [port, adminPort] = ports;
    const adminUrl = `http://127.0.0.1:${adminPort}`;
    const lines = [`ready http://127.0.0.1:${port}`, `admin ${adminUrl}`];
    // A checkout has a page once it is built.
    if (await isConsoleServed()) lines.push(`console ${adminUrl}/console/`);
    expect(command.output.out.split('\n\n')[0]!.trim().split('\n')).toEqual(lines);

    await command.said('curl ');
    const curl = command.output.out.split('\n').find(line => line.includes('curl -'))!;
    const pasted = await promisify(execFile)('sh', ['-c', curl]);
    expect(JSON.parse(pasted.stdout)).toHaveProperty('accounts');
    // Good for one call, as the line above it says.
    const again = await promisify(execFile)('sh', ['-c', curl]);
    expect(JSON.parse(again.stdout)).toMatchObject({ code: 'signature-replayed' });

    const npx = /npx xingyun (call .*)/.exec(command.output.out)![1]!;
    const { status, stdout } = await runCli(npx.split(' '), { cwd: dir });
    expect([status, JSON.parse(stdout)]).toMatchObject([0, { accounts: expect.any(Array) }]);

    // The access log goes to its file, and nothing else to the terminal.
    expect(command.output.out).not.toContain('"status"');
    const log = () => readFileSync(join(dir, '.xingyun', 'access.log'), 'utf8');
    await eventually(() => log().trim().split('\n')).toHaveLength(4);
    expect(command.output.err).toBe('');
  }, 40_000);

  it('drains on Ctrl-C, ends with 0, and takes its bank along', async () => {
    start();
    await command.ready();
    const [bank, pid] = [bankPort(), await gatewayPid()];
    expect(await isListening(bank)).toBe(true);
    command.signalGroup('SIGINT');
    // npm passes on what the terminal has sent to everybody.
    command.process.kill('SIGINT');
    expect(await command.ended).toBe(0);
    expect([await isListening(bank), await isListening(ports[0]), isRunning(pid)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(command.output.err).toBe('');
  });

  it('keeps keys for their owner, and keeps them at the next start', async () => {
    start();
    await command.ready();
    const keys = join(dir, '.xingyun', 'keys');
    const secret = readdirSync(keys).filter(name => /\.(private\.pem|secret)$/.test(name));
    expect(secret).toHaveLength(10);
    for (const name of secret) expect(statSync(join(keys, name)).mode & 0o777, name).toBe(0o600);
    expect(statSync(keys).mode & 0o777).toBe(0o700);
    const before = secret.map(name => readFileSync(join(keys, name), 'utf8'));
    await command.stop();

    start();
    await command.ready();
    // No strict start either: what was accepted before is known.
    expect(await call()).toHaveProperty('accounts');
    expect(secret.map(name => readFileSync(join(keys, name), 'utf8'))).toEqual(before);
    expect(command.output.err).toBe('');
  }, 40_000);

  it('keeps its bank’s ports and what operators have changed at the next start', async () => {
    start();
    await command.ready();
    const bank = bankPort();
    const closed = { to: 'closed', reason: 'left us' };
    const transitions = '/v1/partners/orbit-mall/transitions';
    expect(await admin('POST', transitions, closed)).toMatchObject({ state: 'closed' });
    await command.stop();

    start();
    await command.ready();
    expect(bankPort()).toBe(bank);
    const { revision } = await admin('GET', '/v1/registry/status');
    expect(await admin('GET', '/v1/partners/orbit-mall')).toMatchObject({ status: 'closed' });
    expect(await admin('GET', '/v1/keys/orbit-mall-ed25519')).toMatchObject({ revoked: true });
    await command.stop();

    // Somebody else has the port: the bank takes another, and the registry hears of it.
    const other = createServer().listen(bank, '127.0.0.1');
    await once(other, 'listening');
    try {
      start();
      await command.ready();
      expect(bankPort()).not.toBe(bank);
      expect(await call()).toHaveProperty('accounts');
      expect((await admin('GET', '/v1/registry/status')).revision).toBe(revision + 1);
      expect(await admin('GET', '/v1/partners/orbit-mall')).toMatchObject({ status: 'closed' });
    } finally {
      other.close();
    }
    expect(command.output.err).not.toContain('xingyun:');
  }, 60_000);

  it('publishes what its bank does, also after the gateway was killed', async () => {
    start();
    await command.ready();
    const transfer = {
      reference: 'R-1',
      fromAccountId: 'acc-nebula-pay-1',
      toAccountId: 'acc-ledgerworks-1',
      amount: { amountMinor: 1_000, currency: 'CNY' },
    };
    await client().request('POST', '/transfers/v1/transfers', transfer);
    await eventually(async () => (await info()).journal.head).toBe(3);
    process.kill(await gatewayPid(), 'SIGKILL');
    await eventually(() => command.output.err).toContain('ready again');
    await client().request('POST', '/sandbox/v1/notices', { title: 'Back' });
    await eventually(async () => (await info()).journal.head).toBe(4);
  }, 40_000);

  it('--json says one object a line, --no-supervisor runs in one process', async () => {
    start(['--no-supervisor']);
    const [port, adminPort] = ports;
    const adminUrl = `http://127.0.0.1:${adminPort}`;
    const ready = await command.ready();
    expect(ready).toEqual({
      ...{ event: 'ready', url: `http://127.0.0.1:${port}`, adminUrl },
      ...((await isConsoleServed()) ? { consoleUrl: `${adminUrl}/console/` } : {}),
    });
    expect(await call()).toHaveProperty('accounts');
    expect(await gatewayPid()).toBe(command.process.pid);

    command.process.kill('SIGHUP');
    await eventually(() => command.output.err).toContain('The operators were read again.');
    expect(await call()).toHaveProperty('accounts');
    const bank = bankPort();
    command.signalGroup('SIGINT');
    expect(await command.ended).toBe(0);
    expect(await isListening(bank)).toBe(false);
    expect(command.output.out.trim().split('\n')).toHaveLength(1);
  });

  it('killed with kill -9 leaves neither a gateway nor a bank', async () => {
    start();
    await command.ready();
    const [bank, pid] = [bankPort(), await gatewayPid()];
    command.process.kill('SIGKILL');
    // Every process that held its output has closed it; the kernel may still be taking it down.
    expect(await command.ended).toBe('SIGKILL');
    await eventually(async () => [await isListening(bank), isRunning(pid)]).toEqual([false, false]);
  });

  it('stopped while it starts ends with 0 and leaves nothing', async () => {
    start();
    // The first thing that the command does of its own.
    await eventually(() => readdirSync(dir)).toContain('.xingyun');
    command.signalGroup('SIGINT');
    expect(await command.ended).toBe(0);
    expect(command.output).toEqual({ out: '', err: '' });
    expect(await isListening(ports[0])).toBe(false);
  });
});

describe('options', () => {
  it.each([
    ['--port', '70000', '--demo'],
    ['--admin-port', '-1', '--demo'],
    ['--port', 'http', '--demo'],
    ['--config', 'xingyun.yaml', '--demo'],
    ['--config', 'xingyun.yaml', '--port', '1'],
  ])('%s %s %s are refused with status 2', async (...options) => {
    command = startCommand(options, { cwd: dir });
    expect(await command.ended).toBe(2);
    expect(command.output.err).toMatch(/^error: option/);
    expect(readdirSync(dir)).toEqual([]);
  });
});
