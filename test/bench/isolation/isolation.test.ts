import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type IsolationResult, NEIGHBOURS } from '../../../bench/isolation/isolation-result.ts';
import { runBench } from '../run-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-isolation-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('bench:isolation', () => {
  it('has every neighbour do what it is named for', { timeout: 120_000 }, async () => {
    const json = join(folder, 'result.json');
    const size = ['--rate', '200', '--connections', '20', '--window', '3', '--rounds', '1'];
    const { status, said } = await runBench('isolation', [...size, '--json', json]);
    expect(status, said).toBe(0);
    const { cases, requests }: IsolationResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(requests).toBeGreaterThan(3_000);
    expect(cases.map(({ neighbour }) => neighbour)).toEqual(NEIGHBOURS);
    for (const { ratio, ratios, wholeRatio, failed } of cases) {
      expect(wholeRatio).toBeGreaterThan(0);
      expect(ratio).toBeGreaterThan(0);
      expect([ratios.length, failed]).toEqual([1, 0]);
    }
    const [dear, sm2, bad, large, hanging, slow] = cases.map(({ got }) => got);
    expect(dear!['200']).toBeGreaterThan(100);
    expect(sm2!['200']).toBeGreaterThan(100);
    // The budget of its failures is spent soon.
    expect(Math.min(bad!['401']!, bad!['429']!)).toBeGreaterThan(0);
    expect(large!['200']).toBeGreaterThan(10);
    expect(hanging!['200']).toBeUndefined();
    expect(slow).toEqual({ closed: 100 });
  });

  it.each([
    ['--only nobody', /--only/],
    ['--window 1', /--window/],
  ])('is used wrongly with %s', async (args, message) => {
    const { status, said } = await runBench('isolation', args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
