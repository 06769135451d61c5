import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ReloadResult } from '../../../bench/reload/reload-result.ts';
import { runBench } from '../run-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-reload-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('bench:reload', () => {
  it('reloads under load and loses no call', { timeout: 120_000 }, async () => {
    const json = join(folder, 'result.json');
    const size = ['--connections', '10', '--rate', '100', '--new', '20', '--sessions', '2'];
    const rounds = ['--rounds', '1', '--pause', '0'];
    const { status, said } = await runBench('reload', [...size, ...rounds, '--json', json]);
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
    const { status, said } = await runBench('reload', args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
