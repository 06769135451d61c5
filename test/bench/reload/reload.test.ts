import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { ReloadResult } from '../../../bench/reload/reload-result.ts';

const MAIN = fileURLToPath(new URL('../../../bench/reload/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-reload-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function reload(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, '--no-record', ...args]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      said += chunk;
    });
  }
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  return { status: await promise, said };
}

describe('bench:reload', () => {
  it('reloads under load and loses no call', { timeout: 120_000 }, async () => {
    const json = join(folder, 'result.json');
    const size = ['--connections', '10', '--rate', '100', '--new', '20', '--sessions', '2'];
    const rounds = ['--rounds', '1', '--pause', '0'];
    const { status, said } = await reload([...size, ...rounds, '--json', json]);
    expect(status, said).toBe(0);
    const result: ReloadResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(result).toMatchObject({ rounds: 1, failed: 0, websocketCallsLost: 0, failures: {} });
    expect(result.newConnections).toBeGreaterThan(0);
    expect(result.websocketCalls).toBeGreaterThan(0);
    expect(said).toContain('1 reloads: ready after');
  });

  it.each([
    ['--rounds 0', /--rounds/],
    ['--pause x', /--pause/],
  ])('is used wrongly with %s', async (args, message) => {
    const { status, said } = await reload(args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
