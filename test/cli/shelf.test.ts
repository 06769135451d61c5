import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RegistryDesk } from '../../src/control-plane/registry/desk.ts';
import type { JsonObject } from '../../src/stores/registry-contract.ts';
import {
  ACCOUNTS,
  documentOf,
  openRegistry,
  openShelfApp,
  operation,
  PUBLIC_URL,
} from '../control-plane/shelf/shelf-fixture.ts';
import { runCli } from './run-cli.ts';

let folder: string;
let registry: RegistryDesk;
let app: FastifyInstance;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-shelf-'));
  registry = await openRegistry();
  app = openShelfApp(registry);
  await app.listen({ host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  await app.close();
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

function shelf(...arguments_: string[]) {
  const { port } = app.server.address() as AddressInfo;
  return runCli(['shelf', ...arguments_, '--admin', `http://127.0.0.1:${port}`]);
}

function fileOf(document: JsonObject): string {
  const file = join(folder, 'document.json');
  writeFileSync(file, JSON.stringify(document, undefined, 2));
  return file;
}

describe('xingyun shelf', () => {
  it('grades a document, and fails where it would be blocked', async () => {
    const good = await shelf('check', fileOf(ACCOUNTS));
    expect(good).toMatchObject({ status: 0, stderr: '' });
    expect(good.stdout).toContain('grade A (100 of 100)\n1 of 1 operations are taken\n');
    const blocked = await shelf('check', fileOf(documentOf({ '/a/{b}': { get: operation('a') } })));
    expect(blocked.status).toBe(1);
    expect(blocked.stdout).toContain('error path-parameter: line 15 /paths/~1a~1{b}/get');
    const broken = await shelf('check', fileOf({ swagger: '2.0' }));
    expect(broken.status).toBe(1);
    expect(broken.stderr).toContain('document-invalid');
  });

  it('imports it, finds it and gives it back', async () => {
    const file = fileOf(ACCOUNTS);
    const dry = await shelf('import', file, 'accounts', '--upstream', 'core', '--dry-run');
    expect(dry.stdout).toContain('accounts 1.0.0 would be on the shelf\n');
    const done = await shelf('import', file, 'accounts', '--upstream', 'core', '--json');
    expect(JSON.parse(done.stdout)).toMatchObject({ stored: true, api: { id: 'accounts' } });
    const found = await shelf('search', 'get', 'acc');
    expect(found.stdout).toBe('operation accounts.getAccount: Does getAccount.\n');
    const given = await shelf('document', 'accounts', '--yaml');
    expect(given.stdout).toContain(`url: ${PUBLIC_URL}/accounts\n`);
  });

  it('tells what breaks, and which version it would take', async () => {
    const gone = documentOf({ '/other': { get: operation('other') } });
    const refused = await shelf('import', fileOf(gone), 'accounts');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/409 breaking-change: .* make it 2\.0\.0\./);
    const taken = await shelf('import', fileOf(gone), 'accounts', '--api-version', '2.0.0');
    expect(taken.stdout).toContain('breaking:\n  getAccount ');
  });

  it('says of a draft that it cannot be published as it is', async () => {
    const file = fileOf(documentOf({ '/a/{b}': { get: operation('a') } }));
    const options = ['--upstream', 'core', '--base-path', '/draft', '--lifecycle', 'draft'];
    const draft = await shelf('import', file, 'draft', ...options);
    expect(draft).toMatchObject({ status: 0, stderr: '' });
    expect(draft.stdout).toContain('\nit cannot be published as it is\n');
  });

  it.each(['abc', '0', '101', '1.5', ''])('is used wrongly with --limit %j', async limit => {
    expect((await shelf('search', 'get', '--limit', limit)).status).toBe(2);
  });
});
