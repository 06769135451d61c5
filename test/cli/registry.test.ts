import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AdminStub } from './admin-stub.ts';
import { runCli } from './run-cli.ts';

const PLAN = '/v1/registry/plan';
const EXPORT = '/v1/registry/export';
const CHANGE = { action: 'create', kind: 'partner', id: 'a', pointers: [] };

let folder: string;
let admin: AdminStub;
beforeAll(async () => {
  admin = await AdminStub.start();
});
afterAll(() => admin.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-registry-'));
  admin.answers.clear();
  return () => rmSync(folder, { recursive: true, force: true });
});

const registry = (...more: string[]) => runCli(['registry', ...more, '--admin', admin.url]);

function fileOf(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe('xingyun registry diff --exit-code', () => {
  const diff = (file: string, ...more: string[]) => registry('diff', file, ...more);
  const planned = (...plan: unknown[]) =>
    admin.answers.set(PLAN, { text: JSON.stringify({ revision: 1, plan }) });

  it('ends with 0 where nothing differs, with 1 where something does', async () => {
    const file = fileOf('registry.yaml', 'partners: []\n');
    planned();
    expect(await diff(file, '--exit-code')).toMatchObject({ status: 0, stderr: '' });
    planned(CHANGE);
    expect(await diff(file, '--exit-code')).toMatchObject({ status: 1, stderr: '' });
    expect(await diff(file)).toMatchObject({ status: 0, stderr: '' });
  });

  it('ends with 2 where it cannot be told', async () => {
    const good = fileOf('registry.yaml', 'partners: []\n');
    const wrong = fileOf('wrong.yaml', 'partners: {}\n');
    for (const file of [good, wrong, join(folder, 'none.yaml')]) {
      const { status, stderr } = await diff(file, '--exit-code');
      expect([status, stderr]).toEqual([2, expect.stringMatching(/^xingyun: [^\n]+\n$/)]);
      expect((await diff(file)).status).toBe(1);
    }
  });
});

describe('xingyun registry export --output', () => {
  const LISTS = { partners: [{ id: 'a', name: ' A' }] };

  beforeEach(() => {
    admin.answers.set(EXPORT, { text: JSON.stringify(LISTS) });
  });

  it('writes a file for its owner alone, whatever was there', async () => {
    const file = fileOf('registry.json', 'before');
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    expect((await registry('export', '--json', '--output', link)).status).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(LISTS);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('writes to what is no file as it is, and says where it cannot', async () => {
    expect((await registry('export', '--output', '/dev/null')).status).toBe(0);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    const { status, stderr } = await registry('export', '--output', join(folder, 'none', 'x'));
    expect([status, stderr]).toEqual([1, expect.stringContaining('ENOENT')]);
  });
});

describe('the admin listener', () => {
  it('is told a token only where it is one, and nobody else is told what it is', async () => {
    admin.answers.set('/v1/registry/status', { text: '{}' });
    const asked = admin.requests.length;
    for (const text of ['topsecret\nsecondline\n', 'top secret', 'topsecret\u{20ac}', '\n']) {
      const file = fileOf('token', text);
      const { status, stderr } = await registry('status', '--token-file', file);
      expect(status).toBe(1);
      expect(stderr).not.toMatch(/secret|second|append/);
    }
    expect(admin.requests).toHaveLength(asked);
    const file = fileOf('token', 'topsecret\r\n');
    expect(await registry('status', '--token-file', file)).toMatchObject({ status: 0 });
  });

  it.each([
    ['a good answer', {}],
    ['a refusal', { status: 500 }],
  ])('that breaks off in %s is told in a sentence', async (_, answer) => {
    admin.answers.set('/v1/registry/status', { ...answer, text: '{', breaksOff: true });
    const { status, stderr } = await registry('status');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^[^\n]+ broke off[^\n]+\n$/)]);
  });
});
