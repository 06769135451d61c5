import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { IdempotencyResult } from '../../../bench/idempotency/idempotency-result.ts';

const MAIN = fileURLToPath(new URL('../../../bench/idempotency/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-idempotency-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function idempotency(args: readonly string[]) {
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

describe('bench:idempotency', () => {
  it('measures calls with keys beside calls without', { timeout: 120_000 }, async () => {
    const json = join(folder, 'result.json');
    const size = ['--connections', '50', '--rate', '100', '--seconds', '1', '--warm-up', '1'];
    const { status, said } = await idempotency([...size, '--json', json]);
    expect(status, said).toBe(0);
    const result: IdempotencyResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(result.fsync.p99Ms).toBeGreaterThanOrEqual(result.fsync.p50Ms);
    expect(result.runs.map(({ keyed }) => keyed)).toEqual([false, true, true, false]);
    for (const { answeredPerSecond, errors } of result.runs) {
      expect(errors).toEqual({});
      expect(answeredPerSecond).toBeGreaterThan(0);
    }
    expect(said).toContain('MISSED: 5000 a second');
  });

  it.each([
    ['--rate 0', /--rate/],
    ['--seconds x', /--seconds/],
  ])('is used wrongly with %s', async (args, message) => {
    const { status, said } = await idempotency(args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
