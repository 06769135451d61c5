import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NOT_EXECUTED } from '../../src/client/index.ts';
import { generateKey } from '../../src/client/key-files.ts';
import { defaultConfig } from '../../src/control-plane/config/index.ts';
import { PROBLEM_NAMES } from '../../src/core/problems.ts';
import { decodeSecret } from '../../src/core/signing-key.ts';
import { SIGNATURE_ALGORITHMS } from '../../src/core/snapshot.ts';
import {
  startVerifyingServer,
  type VerifyingKey,
  type VerifyingServer,
} from '../cli/verifying-server.ts';

const PAGE = readFileSync(new URL('../../docs/signing.md', import.meta.url), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/^```bash\n([\s\S]*?)^```$/gm)].map(match => match[1]!);
const [RSA = '', HMAC = '', GET = ''] = EXAMPLES;

let dir: string;
let server: VerifyingServer;
const files: Record<string, string> = {};

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'signing-'));
  const keys = new Map<string, VerifyingKey>();
  for (const algorithm of ['rsa-v1_5-sha256', 'hmac-sha256'] as const) {
    const { privateText, publicText } = generateKey(algorithm);
    files[algorithm] = join(dir, algorithm);
    writeFileSync(files[algorithm], privateText, { mode: 0o600 });
    const verifier = publicText ?? Buffer.from(decodeSecret(privateText));
    keys.set(algorithm, { algorithm, verifier });
  }
  server = await startVerifyingServer(keys);
});
beforeEach(() => {
  server.received.length = 0;
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

async function run(script: string, keyId: string): Promise<string> {
  const env = {
    ...process.env,
    BASE_URL: server.baseUrl,
    KEY_ID: keyId,
    PRIVATE_KEY: files['rsa-v1_5-sha256'],
    SECRET_FILE: files['hmac-sha256'],
  };
  const strict = ['-euo', 'pipefail', '-c', script];
  return (await promisify(execFile)('bash', strict, { env })).stdout;
}

describe('the examples of docs/signing.md', () => {
  it('are three', () => {
    expect(EXAMPLES).toHaveLength(3);
  });

  it.each([
    ['RSA', RSA, 'rsa-v1_5-sha256', 'POST', '/transfers/v1/transfers'],
    ['HMAC', HMAC, 'hmac-sha256', 'POST', '/sandbox/v1/echo?lang=zh'],
    ['no body', GET, 'rsa-v1_5-sha256', 'GET', '/accounts/v1/accounts'],
  ])('run as they stand: %s', async (_name, script, keyId, method, url) => {
    const answer = JSON.parse(await run(script, keyId));
    expect(answer.method).toBe(method);
    expect(server.received.map(received => received.url)).toEqual([url]);
    if (method === 'POST') expect(() => JSON.parse(answer.body)).not.toThrow();
  });

  it.each([
    ['another method', GET.replace('"@method": GET', '"@method": PUT'), 'rsa-v1_5-sha256'],
    [
      'another body',
      RSA.replace('--data-binary "$body"', '--data-binary "$body "'),
      'rsa-v1_5-sha256',
    ],
    ['another key id', HMAC, 'rsa-v1_5-sha256'],
  ])('are refused after a change: %s', async (_name, script, keyId) => {
    expect(JSON.parse(await run(script, keyId))).toMatchObject({ code: 'signature-invalid' });
    expect(server.received).toEqual([]);
  });
});

describe('the page', () => {
  const section = (title: string): string => PAGE.split(`## ${title}\n`)[1]!.split('\n## ')[0]!;
  const firstColumn = (title: string): string[] =>
    [...section(title).matchAll(/^\| `([^`]+)` \|/gm)].map(match => match[1]!);

  it('explains every problem of a signature or key', () => {
    const pattern = /^(signature|key|app|digest)-/;
    const expected = PROBLEM_NAMES.filter(name => pattern.test(name));
    expect([...firstColumn('When it is refused')].sort()).toEqual([...expected].sort());
  });

  it('lists the algorithms', () => {
    expect(firstColumn('Algorithms')).toEqual([...SIGNATURE_ALGORITHMS]);
  });

  it('states the default window', () => {
    const { createdMaxAgeMs, clockSkewMs } = defaultConfig().config.signatures;
    const text = section('Time and nonce').replace(/\s+/g, ' ');
    expect(text).toContain(`at most ${createdMaxAgeMs / 1_000} seconds old`);
    expect(text).toContain(`at most ${clockSkewMs / 1_000} seconds in the future`);
  });

  it('names what a POST is repeated for', () => {
    const list = /did not reach the bank \(([^)]+)\)/.exec(section('With the client'))![1]!;
    const names = [...list.matchAll(/`([^`]+)`/g)].map(match => match[1]!);
    expect(names).toEqual([...NOT_EXECUTED]);
  });
});
