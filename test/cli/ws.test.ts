import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKey } from '../../src/client/key-files.ts';
import { echo, FakeGateway } from '../client/session/fake-gateway.ts';
import { eventually } from '../support/eventually.ts';
import { type CliOptions, runCli } from './run-cli.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let dir: string;
let gateway: FakeGateway;
const children: ChildProcess[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'ws-'));
  mkdirSync(join(dir, '.xingyun'));
  const { privateText, publicText } = generateKey('ed25519');
  writeFileSync(join(dir, 'key.pem'), privateText, { mode: 0o600 });
  const keys = new Map([['k', { algorithm: 'ed25519', verifier: publicText! } as const]]);
  gateway = await FakeGateway.start(keys);
  const client = { keyId: 'k', algorithm: 'ed25519', privateKeyFile: '../key.pem' };
  const text = JSON.stringify({ baseUrl: gateway.baseUrl, ...client });
  writeFileSync(join(dir, '.xingyun/client.json'), text);
});
beforeEach(() => {
  gateway.answer = echo;
  gateway.opened.length = 0;
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await gateway.close();
  rmSync(dir, { recursive: true, force: true });
});

function ws(arguments_: readonly string[], options: CliOptions = {}) {
  return runCli(['ws', ...arguments_], { cwd: dir, ...options });
}

/** Runs on while the test goes on. */
function start(command: string, arguments_: readonly string[]) {
  const child = spawn(command, arguments_, { cwd: dir });
  children.push(child);
  const shown = { out: '', err: '' };
  child.stdout.on('data', chunk => {
    shown.out += chunk;
  });
  child.stderr.on('data', chunk => {
    shown.err += chunk;
  });
  const ended = new Promise<number | null>(resolve => {
    child.once('close', resolve);
  });
  return { child, shown, ended };
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
}

describe('xingyun ws as a script', () => {
  it('carries out what the options say, in their order', async () => {
    const call = 'call accounts.getBalances {"path":{"accountId":"a-1"},"body":{"x":1}}';
    const result = await ws(['-e', 'GET /a?b=c', '--execute', call]);
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(jsonLines(result.stdout)).toEqual([
      { method: 'GET', path: '/a?b=c', headers: undefined },
      { method: 'accounts.getBalances', path: { accountId: 'a-1' }, body: { x: 1 } },
    ]);
  });

  it.each(['json', 'msgpack'])('reads commands from standard input: %s', async subprotocol => {
    const input = '# a comment\n\nGET /first\n  post /second {"a": 1.50}\nquit\nGET /third\n';
    const result = await ws(['--subprotocol', subprotocol], { input });
    expect([result.status, result.stderr]).toEqual([0, '']);
    expect(jsonLines(result.stdout).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /first',
      'POST /second',
    ]);
    expect(gateway.last.socket.protocol).toBe(`xingyun.v1+${subprotocol}`);
  });

  it('sends a body to the letter, and signs where it is told to', async () => {
    const body = '{"amount": 1.50,  "n": 12345678901234567890}';
    const { status } = await ws(['-e', `sign POST /t ${body}`]);
    expect(status).toBe(0);
    expect(gateway.last.frames[0]).toContain(`"body":${body}}`);
    expect(Object.keys(gateway.last.messages[0]!.params.headers!)).toEqual([
      'content-type',
      'signature-input',
      'signature',
      'content-digest',
    ]);
  });

  it('goes on after a refusal, which is status 1, and says what to change', async () => {
    gateway.answer = (message, peer) => {
      if (message.params.path === '/refused') peer.refuse(message.id, 'scope-insufficient', 403);
      else echo(message, peer);
    };
    const lines = ['-e', 'GET /refused', '-e', 'GET /fine'];
    const result = await ws(lines);
    expect(result.status).toBe(1);
    expect(jsonLines(result.stdout)).toMatchObject([{ path: '/fine' }]);
    expect(result.stderr).toBe(
      '403 scope-insufficient: scope-insufficient\n' +
        '  What to change: Ask for the scope that the detail names.\n' +
        '  Request id: req-1\n',
    );
    const asJson = await ws([...lines, '--json']);
    expect([asJson.status, asJson.stderr]).toEqual([1, '']);
    expect(jsonLines(asJson.stdout)).toMatchObject([
      { kind: 'problem', command: 'GET /refused', status: 403, code: 'scope-insufficient' },
      { kind: 'answer', command: 'GET /fine', status: 200, body: { path: '/fine' } },
    ]);
  });

  it('shows bytes as they are, or in base64 for a script', async () => {
    const headers = { 'content-type': 'application/pdf' };
    gateway.answer = ({ id }, peer) =>
      peer.send({ jsonrpc: '2.0', id, result: { status: 200, headers, bodyBase64: 'AP8=' } });
    const { stdout } = await ws(['-e', 'GET /a', '--json']);
    expect(jsonLines(stdout)).toMatchObject([{ headers, body: { base64: 'AP8=' } }]);
  });

  it('ends with status 2 at a line that is no command', async () => {
    const wrong = [
      'GET',
      'nonsense',
      'GET accounts',
      'POST /a {',
      'call',
      'call a.b [1]',
      'subscribe',
      'subscribe t c.1 more',
      'unsubscribe',
      'quit now',
    ];
    const results = await Promise.all(wrong.map(line => ws(['-e', line])));
    expect(results.map(({ status }) => status)).toEqual(wrong.map(() => 2));
    expect(gateway.opened).toHaveLength(0);
    const { status, stderr, stdout } = await ws([], { input: 'GET /a\nnonsense\nGET /b\n' });
    expect([status, jsonLines(stdout).length]).toEqual([2, 1]);
    expect(stderr).toContain('line 2');
  });

  it('ends with status 2 where it is used wrongly', async () => {
    const wrong = [['--count', '0'], ['--timeout', 'x'], ['--subprotocol', 'xml'], ['extra']];
    const results = await Promise.all(wrong.map(options => ws([...options, '-e', 'GET /a'])));
    expect(results.map(({ status }) => status)).toEqual(wrong.map(() => 2));
    expect((await ws(['-e', 'GET /a', '--base-url', 'nonsense'])).status).toBe(2);
  });

  it('says its commands in the help', async () => {
    const { status, stdout } = await ws(['--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('sign POST /transfers/v1/transfers');
  });
});

describe('its connection', () => {
  it('is refused with the problem and status 1', async () => {
    gateway.refuse(401, {
      type: '/problems/key-unknown',
      title: 'No such key',
      code: 'key-unknown',
    });
    const { status, stderr, stdout } = await ws(['-e', 'GET /a']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('401 key-unknown: No such key\n  What to change: ');
  });

  it('is nothing where nobody listens', async () => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise(resolve => server.close(resolve));
    const result = await ws(['-e', 'GET /a', '--base-url', `http://127.0.0.1:${port}`]);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/gave no session \(ECONNREFUSED\)\. Is the gateway running\?/);
  });

  it('is waited for with a word after two seconds, and given up with Ctrl-C', async () => {
    const server = createServer(socket => socket.resume());
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const baseUrl = `http://127.0.0.1:${port}`;
    const arguments_ = [MAIN, 'ws', '-e', 'GET /a', '--base-url', baseUrl];
    const { child, shown, ended } = start(process.execPath, arguments_);
    await eventually(() => shown.err).toContain(`Waiting for ${baseUrl}`);
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(shown.err).toContain('Ended by SIGINT.');
    await new Promise(resolve => server.close(resolve));
  });

  it('may be lost and come again: events go on', async () => {
    const arguments_ = [MAIN, 'ws', '--subscribe', 'lost', '--count', '2', '--json'];
    const { shown, ended } = start(process.execPath, arguments_);
    await eventually(() => gateway.last?.topics.size).toBe(1);
    gateway.publish('lost', { n: 1 });
    await eventually(() => shown.out).toContain('"n":1');
    gateway.cut();
    gateway.publish('lost', { n: 2 });
    expect(await ended).toBe(0);
    expect(jsonLines(shown.out).filter(({ kind }) => kind === 'event')).toHaveLength(2);
  });
});

describe('its events', () => {
  it('are shown one a line, so many and no more', async () => {
    const from = gateway.journalLength;
    for (let n = 1; n <= 5; n++) gateway.publish('t', { n });
    const options = ['-e', `subscribe t c.${from}`, '--count', '3'];
    const { status, stdout, stderr } = await ws(options);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^(2026-11-26T01:00:00\.000Z t e-\d+ \{"n":[123]\}\n){3}$/);
    expect(stderr).toBe(`t: subscribed, behind c.${from}\nt: ended, behind c.${from + 3}\n`);
    const asJson = await ws([...options, '--json']);
    expect(jsonLines(asJson.stdout)).toMatchObject([
      { kind: 'subscribed', topic: 't', cursor: `c.${from}` },
      { kind: 'event', topic: 't', cursor: `c.${from + 1}`, data: { n: 1 } },
      { kind: 'event', data: { n: 2 } },
      { kind: 'event', data: { n: 3 } },
      { kind: 'unsubscribed', topic: 't', cursor: `c.${from + 3}` },
    ]);
    const packed = await ws([...options, '--json', '--subprotocol', 'msgpack']);
    expect(packed.stdout).toBe(asJson.stdout);
  });

  it('are waited for until the time is over', async () => {
    const enough = await ws(['--subscribe', 't', '--timeout', '50']);
    expect(enough.status).toBe(0);
    const missing = await ws(['--subscribe', 't', '--timeout', '50', '--count', '1']);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain('0 of 1 events came.');
  });

  it('end a script whose input stays open', async () => {
    const { child, shown, ended } = start(process.execPath, [MAIN, 'ws', '--count', '1']);
    child.stdin.write('subscribe open\n');
    await eventually(() => gateway.last?.topics.size).toBe(1);
    gateway.publish('open', 1);
    expect(await ended).toBe(0);
    expect(shown.out).toMatch(/ open e-\d+ 1\n$/);
  });

  it('end with Ctrl-C: the session is closed, nothing has failed', async () => {
    const { child, shown, ended } = start(process.execPath, [MAIN, 'ws', '--subscribe', 'tail']);
    await eventually(() => shown.err).toContain('tail: subscribed');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(shown.err).toContain('tail: ended, behind');
    await eventually(() => gateway.peers.size).toBe(0);
  });

  it('end with unsubscribe, and where they are not for the app', async () => {
    const commands = ['subscribe t', 'unsubscribe t', 'unsubscribe t', 'subscribe forbidden'];
    const { status, stderr } = await ws(commands.flatMap(command => ['-e', command]));
    expect(status).toBe(1);
    expect(stderr).toMatch(/t: ended, behind c\.\d+\nunsubscribe t: there is no subscription to t/);
    expect(stderr).toContain('403 scope-insufficient');
  });

  it('end with the session that the gateway closes', async () => {
    const { shown, ended } = start(process.execPath, [
      MAIN,
      'ws',
      '--subscribe',
      'closed',
      '--json',
    ]);
    await eventually(() => shown.out).toContain('subscribed');
    gateway.last.socket.close(1008, 'key-inactive');
    expect(await ended).toBe(1);
    expect(jsonLines(shown.out)).toContainEqual(
      expect.objectContaining({ kind: 'problem', command: 'session', code: 'key-inactive' }),
    );
  });
});

describe('xingyun ws at a terminal', () => {
  /** util-linux's script(1) gives it a terminal. */
  function atTerminal(options = '') {
    const command = `'${process.execPath}' '${MAIN}' ws ${options}`;
    return start('script', ['-qefc', command, '/dev/null']);
  }

  it('prompts, answers, shows events in between, forgives a mistake, and quits', async () => {
    const { child, shown, ended } = atTerminal();
    await eventually(() => shown.out).toContain('xingyun> ');
    child.stdin.write('GET /a\r');
    await eventually(() => shown.out).toContain('"path": "/a"');
    child.stdin.write('nonsense\r');
    await eventually(() => shown.out).toContain('"nonsense" is no command');
    child.stdin.write('help\r');
    await eventually(() => shown.out).toContain('unsubscribe transfer-status');
    child.stdin.write('subscribe prompt\r');
    await eventually(() => shown.out).toContain('prompt: subscribed');
    gateway.publish('prompt', { n: 1 });
    await eventually(() => shown.out).toContain('{"n":1}');
    child.stdin.write('quit\r');
    expect(await ended).toBe(0);
    expect(shown.out).toContain('prompt: ended, behind');
  });

  it('ends with Ctrl-C and with Ctrl-D', async () => {
    for (const key of ['\x03', '\x04']) {
      const { child, shown, ended } = atTerminal();
      await eventually(() => shown.out).toContain('xingyun> ');
      child.stdin.write(key);
      expect(await ended).toBe(0);
    }
    await eventually(() => gateway.peers.size).toBe(0);
  });

  it('is a script where the options say what is to be done', async () => {
    const { shown, ended } = atTerminal(`-e 'GET /a'`);
    expect(await ended).toBe(0);
    expect(shown.out).toContain('"path": "/a"');
    expect(shown.out).not.toContain('xingyun> ');
  });
});
