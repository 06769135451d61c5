import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES } from '../../../src/control-plane/admin/control-context.ts';
import { ADMIN_PROBLEMS } from '../../../src/control-plane/admin/problems.ts';
import { FILTERS } from '../../../src/control-plane/admin/record-routes.ts';
import { loadOperators } from '../../../src/control-plane/operators/load-operators.ts';
import { RECORD_KINDS } from '../../../src/control-plane/registry/kinds.ts';
import { PROBLEM_NAMES } from '../../../src/core/problems.ts';
import { tokenOf } from './admin-fixture.ts';
import { LISTS } from './record-fixture.ts';
import { startWhole } from './whole-listener.ts';

const PAGE = readFileSync(new URL('../../../docs/admin-api.md', import.meta.url), 'utf8');

/** The fenced texts of a language, in order. */
function examples(language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...PAGE.matchAll(fence)].map(([, text]) => text!);
}

/** Cells of the rows under a heading whose first cell is code. */
function rowsUnder(heading: string): string[][] {
  const [, behind] = PAGE.split(new RegExp(`^#+ ${heading}\\n`, 'm'));
  const [section] = behind!.split(/^#+ /m);
  const rows = section!.split('\n').filter(line => line.startsWith('| `'));
  return rows.map(row => row.slice(2, -2).split(' | '));
}

const unquoted = (cell: string) => cell.replaceAll('`', '');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'admin-page-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('docs/admin-api.md', () => {
  it('has every refusal with its status, in order', () => {
    const table = rowsUnder('Refusals').map(([code, status]) => [unquoted(code!), Number(status)]);
    const problems = Object.entries(ADMIN_PROBLEMS).map(([code, { status }]) => [code, status]);
    expect(table).toEqual(problems);
  });

  it('names only codes of the partners’ table beside these that are there', () => {
    const [, beside] = PAGE.split('Beside these come some of');
    const [paragraph] = beside!.split('\n\n');
    const names = [...paragraph!.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter(name => !(PROBLEM_NAMES as readonly string[]).includes(name))).toEqual([]);
  });

  it('has every role', () => {
    const roles = rowsUnder('Roles').map(([cell]) => unquoted(cell!));
    expect(roles.filter(cell => !cell.includes('/')).sort()).toEqual([...ROLES].sort());
  });

  it('has every route of the listener', async () => {
    const { listener } = await startWhole();
    const named = rowsUnder('Roles').flatMap(([cell]) =>
      [...cell!.matchAll(/`([A-Z]+) ([^`]+)`/g)].map(([, method, path]) => `${method} ${path}`),
    );
    const lists = RECORD_KINDS.map(({ list }) => `/v1/${list}`);
    for (const { method, url } of listener.routes) {
      if (method === 'HEAD' || !url.startsWith('/v1/')) continue;
      const path = url.replace(/:(\w+)/g, '{$1}');
      const list = lists.find(name => path === name || path === `${name}/{id}`);
      if (list === undefined || method === 'POST') {
        if (['/v1/info', '/v1/sessions'].includes(path)) expect(PAGE).toContain(path);
        else expect(named, path).toContain(`${method} ${path}`);
        continue;
      }
      const general = path.replace(list, '/v1/{list}');
      const isNamed = named.includes(`${method} ${general}`) || named.includes(`${method} …`);
      expect(isNamed, `${method} ${path}`).toBe(true);
    }
  });

  it('has the filters of every list', () => {
    const table = rowsUnder('Lists').map(([list, names]) => [
      unquoted(list!),
      unquoted(names!).split(', '),
    ]);
    const lists = RECORD_KINDS.flatMap(({ kind, list }) => {
      return FILTERS[kind].length === 0 ? [] : [[list, FILTERS[kind]]];
    });
    expect(table).toEqual(lists);
  });

  it('shows an operators’ file that is one', () => {
    const file = join(dir, 'operators.yaml');
    writeFileSync(file, examples('yaml')[0]!);
    const directory = loadOperators(file);
    expect([...directory.keys.keys()]).toEqual(['deploy-2026']);
    expect(directory.byId('paul', 0)!.roles).toEqual(['partner-manager', 'auditor']);
  });

  it('shows JSON that is JSON', () => {
    expect(() => examples('json').map(text => JSON.parse(text))).not.toThrow();
  });
});

it('the example of docs/admin-api.md leads to a key that is served, and revoked', async () => {
  const admin = await startWhole();
  await admin.seed(LISTS);
  const tokenFile = join(dir, 'operator.token');
  writeFileSync(tokenFile, tokenOf('olga'));
  const env = {
    ...process.env,
    ...{ ADMIN: admin.url, TOKEN_FILE: tokenFile, PRODUCT: 'retail', PLAN: 'gold', TMPDIR: dir },
  };
  const run = async (script: string) =>
    (await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { env })).stdout;
  const [way, end] = examples('bash');
  const shown = await run(way!);
  expect(shown).toMatch(/^HTTP\/1\.1 200 OK\r$/m);
  expect(shown).toMatch(/^x-registry-served: true\r$/m);
  expect(shown).toMatch(/^etag: "2"\r$/m);
  expect(admin.desk.get('partner', 'harbour-trade')!.body.status).toBe('sandbox');
  expect(admin.desk.get('key', 'harbour-1')!.body).toMatchObject({ revoked: false });
  expect(JSON.parse(await run(end!))).toMatchObject({ id: 'harbour-1', revoked: true });
});
