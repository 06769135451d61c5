import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { IdempotencyResult } from '../../../bench/idempotency/idempotency-result.ts';
import { runBench } from '../run-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-idempotency-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('bench:idempotency', () => {
  it('measures calls with keys beside calls without', { timeout: 120_000 }, async () => {
    const json = join(folder, 'result.json');
    const size = ['--connections', '50', '--rate', '100', '--seconds', '1', '--warm-up', '1'];
    const { status, said } = await runBench('idempotency', [...size, '--json', json]);
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
    const { status, said } = await runBench('idempotency', args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
