import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKey } from '../../src/client/key-files.ts';
import { STEP_NAMES } from '../../src/control-plane/certification/steps.ts';
import { suiteText } from '../../src/demo/suite-file.ts';
import { runCli } from './run-cli.ts';
import { startVerifyingServer, type VerifyingServer } from './verifying-server.ts';

const RUN = 'cert-000000000000000000000001';

let dir: string;
let server: VerifyingServer;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'certify-'));
  const { privateText, publicText } = generateKey('ed25519');
  writeFileSync(join(dir, 'own.key'), privateText, { mode: 0o600 });
  server = await startVerifyingServer(
    new Map([['own', { algorithm: 'ed25519', verifier: publicText! }]]),
  );
  const client = { baseUrl: server.baseUrl, keyId: 'own', algorithm: 'ed25519' };
  const clientText = JSON.stringify({ ...client, privateKeyFile: 'own.key' });
  writeFileSync(join(dir, 'client.json'), clientText);
});
beforeEach(() => {
  server.received.length = 0;
  writeFileSync(join(dir, 'certify.yaml'), suiteText());
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const FILES = ['--client-file', 'client.json', '--suite', 'certify.yaml'];

const certify = (...options: readonly string[]) =>
  runCli(['certify', ...FILES, ...options], { cwd: dir });

describe('xingyun certify', () => {
  it('takes every step it can, and ends with 1 where the gateway is none', async () => {
    const result = await certify('--run', RUN, '--json');
    expect(result.status).toBe(1);
    const { run, steps, verdict } = JSON.parse(result.stdout);
    expect([run, verdict]).toEqual([RUN, null]);
    expect(steps.map(({ name }: { name: string }) => name)).toEqual(STEP_NAMES);
    const taken = steps.filter(({ calls }: { calls?: unknown }) => calls !== undefined);
    expect(taken.map(({ name }: { name: string }) => name)).toEqual(
      STEP_NAMES.filter(name => name !== 'rotation'),
    );
    // A server that knows of no nonce takes the replay.
    expect(steps.find(({ name }: { name: string }) => name === 'refused-replay')).toMatchObject({
      isAsExpected: false,
      calls: [{ status: 200 }, { status: 200 }],
    });
  });

  it('names run and step in the id of every request', async () => {
    await certify('--run', RUN);
    const ids = server.received.map(({ headers }) => String(headers['x-request-id']));
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) {
      const step = STEP_NAMES.find(name => id.startsWith(`${RUN}.${name}.`));
      expect(step, id).toBeDefined();
    }
    expect(new Set(ids).size).toBe(ids.length);
    const writes = server.received.filter(({ headers }) =>
      String(headers['x-request-id']).startsWith(`${RUN}.idempotent-retry.`),
    );
    const keys = writes.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it.each([
    ['neither run nor app', []],
    ['a run that is none', ['--run', 'cert-1; echo']],
    ['half a second key', ['--run', RUN, '--second-key', 'own.key']],
    ['an option that is none', ['--run', RUN, '--faster']],
  ])('is used wrongly with %s', async (_what, options) => {
    const result = await certify(...options);
    expect([result.status, result.stdout]).toEqual([2, '']);
    expect(server.received).toEqual([]);
  });

  it('says on which line the suite is wrong, before any call', async () => {
    const suite = suiteText().replace('giveUpMs: 1000', 'giveUpMs: 50');
    writeFileSync(join(dir, 'certify.yaml'), suite);
    const result = await certify('--run', RUN);
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/certify\.yaml:\d+: slow\.giveUpMs /);
    expect(server.received).toEqual([]);
  });

  it('fails where the bank’s listener cannot be reached', async () => {
    const admin = ['--admin', 'http://127.0.0.1:1', '--app', 'some-app'];
    const result = await certify(...admin);
    expect(result.status).toBe(1);
    expect(server.received).toEqual([]);
  });
});
