/** A start that fails: one clear sentence, or a line a problem, status 1, nothing left running. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { type DemoFiles, prepareDemo } from '../../src/demo/setup.ts';
import { initialiseNonceState } from '../../src/stores/shared-memory/index.ts';
import { startCommand } from '../support/command.ts';

const NONCES_MAX = 1_024;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let bank: DemoBank;
let blocker: Server;
let takenPort: number;
let dir: string;
let files: DemoFiles;

beforeAll(async () => {
  bank = await createDemoBank();
  blocker = createServer();
  await new Promise<void>(done => {
    blocker.listen(0, '127.0.0.1', done);
  });
  takenPort = (blocker.address() as { port: number }).port;
});
afterAll(async () => {
  blocker.close();
  await bank.close();
});
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'xingyun-start-'));
  files = await prepareDemo(join(dir, 'demo'), {
    bankPort: bank.port,
    initialiseState: stateDir => initialiseNonceState(stateDir, NONCES_MAX),
  });
  const signatures = { noncesMax: NONCES_MAX };
  changeConfig({ listener: { port: 0 }, admin: { port: 0 }, signatures });
});
afterEach(() => rmSync(dir, { recursive: true }));

function changeConfig(changes: Record<string, unknown>): void {
  const config = parse(readFileSync(files.configFile, 'utf8'));
  writeFileSync(files.configFile, stringify({ ...config, ...changes }));
}

interface Outcome {
  readonly status: number | string | null;
  readonly err: string;
}

/**
 * Runs the command until every process that it began has closed its output: a demo bank or a
 * gateway that stayed would hold it open, and the test would time out.
 */
async function start(options: readonly string[], main?: string): Promise<Outcome> {
  const command = startCommand(options, { cwd: dir, ...(main === undefined ? {} : { main }) });
  const status = await command.ended;
  expect(command.output.out).toBe('');
  return { status, err: command.output.err };
}

const withConfig = (...more: string[]) => start(['--config', files.configFile, ...more]);

/** What an operator reads: our lines, and no stack. */
function expectSentence({ status, err }: Outcome, ...says: RegExp[]): void {
  expect(status).toBe(1);
  for (const text of says) expect(err).toMatch(text);
  expect(err).toMatch(/^xingyun: /);
  expect(err).not.toMatch(/^\s+at /m);
}

describe.each([
  ['under the supervisor', []],
  ['in its own process', ['--no-supervisor']],
])('a start %s fails', (_, more) => {
  it('for a taken port', async () => {
    changeConfig({ listener: { port: takenPort }, admin: { port: 0 } });
    const outcome = await withConfig(...more);
    expectSentence(outcome, /is taken by another process: .* listener\.port .*\.\n$/);
    expect(outcome.err.trim().split('\n')).toHaveLength(1);
    changeConfig({ listener: { port: 0 }, admin: { port: takenPort } });
    expectSentence(await withConfig(...more), /is taken by another process: .* admin\.port/);
  });

  it('for an address that is not this host’s', async () => {
    changeConfig({ listener: { host: '203.0.113.1', port: 0 } });
    expectSentence(await withConfig(...more), /203\.0\.113\.1 is not an address of this host/);
  });

  it('for a state folder that cannot be written', async () => {
    // A file where a folder should be stops root as well.
    changeConfig({ stateDir: 'registry.yaml/state' });
    expectSentence(await withConfig(...more), /^xingyun: The nonce state in .* cannot be used/);
  });

  it('for a URL of Redis that is none, which it does not repeat', async () => {
    const urlFile = join(dir, 'redis.url');
    writeFileSync(urlFile, 'https://gate:secret@cache.bank.example');
    changeConfig({ policy: { store: 'redis' }, redis: { urlFile } });
    const outcome = await withConfig(...more);
    expectSentence(outcome, /The URL of Redis has another scheme than redis or rediss/);
    expect(outcome.err).not.toContain('secret');
  });

  it('for a registry with mistakes, a line each', async () => {
    const registry = parse(readFileSync(files.registryFile, 'utf8'));
    registry.keys[0].app = 'nobody';
    registry.subscriptions[0].product = 'nothing';
    writeFileSync(files.registryFile, stringify(registry));
    const outcome = await withConfig(...more);
    expectSentence(
      outcome,
      /registry\.yaml:\d+: keys\[0\]\.app/,
      /registry\.yaml:\d+: subscriptions/,
    );
    expect(outcome.err.trim().split('\n')).toHaveLength(2);
  });
});

describe('a configuration', () => {
  it('that is not there', async () => {
    const outcome = await start(['--config', 'nowhere.yaml']);
    expectSentence(outcome, /^xingyun: nowhere\.yaml does not exist: .*--demo\.\n$/);
  });

  it('that cannot be read', async () => {
    mkdirSync(join(dir, 'folder.yaml'));
    expectSentence(await start(['--config', 'folder.yaml']), /folder\.yaml/);
  });

  it('with keys that nobody knows, with their lines', async () => {
    changeConfig({ workers: { threads: 4 }, colour: 'blue' });
    expectSentence(await withConfig(), /xingyun\.yaml:\d+: workers\.threads/, /:\d+: colour/);
  });

  it('with an access log that cannot be written', async () => {
    changeConfig({ telemetry: { accessLogFile: 'keys' } });
    expectSentence(await withConfig(), /EISDIR.*telemetry\.accessLogFile/);
  });
});

describe('the demonstration', () => {
  const demo = (...more: string[]) =>
    start(['--demo', '--port', '0', '--admin-port', '0', ...more]);

  it('on a taken port leaves no bank behind and makes nothing', async () => {
    for (const option of ['--port', '--admin-port']) {
      expectSentence(await demo(option, String(takenPort)), new RegExp(`set ${option} to another`));
    }
    expect(readdirSync(dir)).toEqual(['demo']);
  });

  it('in a folder that cannot be made leaves no bank behind', async () => {
    writeFileSync(join(dir, 'file'), '');
    expectSentence(await demo('--demo-dir', 'file/demo'), /file\/demo/);
  });
});

describe('a native binary that is not the right one', () => {
  it('is told in one sentence, by a front thread of the gateway process', async () => {
    const root = join(dir, 'copy');
    copyProject(root);
    const library = join(root, 'node_modules', 'uWebSockets.js');
    for (const name of readdirSync(library).filter(file => file.endsWith('.node'))) {
      writeFileSync(join(library, name), 'not a binary');
    }
    const main = join(root, 'src', 'cli', 'main.ts');
    for (const more of [[], ['--no-supervisor']]) {
      const outcome = await start(['--config', files.configFile, ...more], main);
      expectSentence(outcome, /uws_.*\.node .*npm ci/);
      expect(outcome.err.trim().split('\n')).toHaveLength(1);
    }
  });
});

/** The sources with links to the same dependencies, and a uWebSockets.js of its own. */
function copyProject(root: string): void {
  const modules = join(ROOT, 'node_modules');
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  cpSync(join(ROOT, 'src'), join(root, 'src'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  for (const name of readdirSync(modules)) {
    if (name.startsWith('.')) continue;
    const target = join(root, 'node_modules', name);
    if (name === 'uWebSockets.js') cpSync(join(modules, name), target, { recursive: true });
    else symlinkSync(join(modules, name), target);
  }
}
