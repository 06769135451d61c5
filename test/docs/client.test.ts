import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECONNECT_DEFAULTS, SESSION_ERROR_CODES, SESSION_LIMITS } from '../../src/client/index.ts';
import { createDemoBank, type DemoBank } from '../../src/demo/bank/index.ts';
import { TestGateway } from '../support/gateway.ts';

const PAGE = readFileSync(new URL('../../docs/client.md', import.meta.url), 'utf8');
const EXAMPLES = [...PAGE.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(match => match[1]!);
const CLIENT = fileURLToPath(new URL('../../src/client/index.ts', import.meta.url));

/** The first column of a table, by its head. */
function firstColumn(head: string): string[] {
  const start = PAGE.indexOf(`\n| ${head}`);
  const table = PAGE.slice(start + 1).split('\n\n')[0]!;
  return [...table.matchAll(/^\| `([^`]+)`/gm)].map(match => match[1]!);
}

describe('the page about the client', () => {
  it('names every limit with its default', () => {
    const rows = [...PAGE.matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)];
    const shown = Object.fromEntries(rows.map(([, name, value]) => [name, Number(value)]));
    expect(shown).toEqual(SESSION_LIMITS);
  });

  it('names every default of reconnecting', () => {
    const text = PAGE.slice(PAGE.indexOf('`reconnect` takes'));
    for (const [name, value] of Object.entries(RECONNECT_DEFAULTS)) {
      expect(text).toMatch(new RegExp(`\`${name}\`\\s+\\(${value}[;)]`));
    }
  });

  it('names every code of a SessionError', () => {
    expect(firstColumn('code ')).toEqual([...SESSION_ERROR_CODES]);
  });
});

describe('its example', () => {
  let bank: DemoBank;
  let gateway: TestGateway;
  let dir: string;
  beforeAll(async () => {
    bank = await createDemoBank();
    gateway = await TestGateway.start({ upstreamPort: bank.port });
    dir = mkdtempSync(join(tmpdir(), 'client-page-'));
    mkdirSync(join(dir, '.xingyun'));
    symlinkSync(join(gateway.files.dir, 'keys'), join(dir, '.xingyun/keys'));
  });
  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
    await gateway?.dispose();
    await bank.close();
  });

  it('calls, transfers and hears of it', async () => {
    const url = `${gateway.adminUrl}/v1/events`;
    bank.publishTo({ url, tokenFile: gateway.files.publisherTokenFile });
    const program = EXAMPLES[0]!
      .replace("'xingyun-gateway/client'", JSON.stringify(CLIENT))
      .replace('http://127.0.0.1:8080', gateway.url);
    const file = join(dir, 'example.mts');
    writeFileSync(file, program);
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], { cwd: dir });
    expect(stderr).toBe('');
    expect(stdout).toContain('"amountMinor"');
    expect(stdout).toMatch(/completed [0-9a-f]{8}\.\d+\n$/);
  });
});
