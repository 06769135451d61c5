import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LimitsRow } from '../../../bench/limits/limits-result.ts';
import { takenByGcra, worstWindows } from '../../../bench/limits/reference.ts';
import { hasRedis } from '../../support/redis.ts';
import { runBench } from '../run-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-limits-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the reference', () => {
  it('takes a burst and then the rate', () => {
    const times = [0, 0, 0, 0, 50, 100, 150, 1_000, 1_000, 1_000, 1_000];
    expect(takenByGcra(times, 10, 3)).toEqual([0, 0, 0, 100, 1_000, 1_000, 1_000]);
  });

  it('says how far the worst window is off, either way', () => {
    const even = Array.from({ length: 20 }, (_, i) => i * 100);
    expect(worstWindows(even, even, 2_000)).toEqual({ over: 0, under: 0 });
    const fewer = even.filter(timeMs => timeMs !== 900);
    expect(worstWindows(fewer, even, 2_000)).toEqual({ over: 0, under: expect.closeTo(0.1) });
    expect(worstWindows([...even, 1_950], even, 2_000).over).toBeCloseTo(0.1);
  });
});

describe('bench:limits', () => {
  it('says what was offered, allowed and admitted', { timeout: 60_000 }, async () => {
    const json = join(folder, 'rows.json');
    const size = [
      '--store',
      'host',
      '--fronts',
      '2',
      '--loads',
      '3',
      '--limit',
      '100',
      '--burst',
      '10',
    ];
    const { said } = await runBench('limits', [
      ...size,
      '--connections',
      '20',
      '--seconds',
      '1',
      '--json',
      json,
    ]);
    const rows: LimitsRow[] = JSON.parse(readFileSync(json, 'utf8'));
    expect(rows, said).toMatchObject([
      { fronts: 2, processes: 1, store: 'host', load: 3, errors: {} },
    ]);
    const [{ offered, allowed, admitted }] = rows as [LimitsRow];
    expect(offered).toBeGreaterThan(200);
    expect(allowed).toBeLessThanOrEqual(110);
    // A busy machine lets calls come later than they are due.
    expect(Math.abs(admitted / allowed - 1)).toBeLessThan(0.3);
  });

  // Where Redis is not installed.
  it.skipIf(!hasRedis)('does so of processes over Redis', { timeout: 60_000 }, async () => {
    const json = join(folder, 'redis.json');
    const size = '--store redis --processes 3 --loads 3 --limit 100 --burst 10 --connections 20';
    const { said } = await runBench('limits', [
      ...size.split(' '),
      '--seconds',
      '1',
      '--json',
      json,
    ]);
    const rows: LimitsRow[] = JSON.parse(readFileSync(json, 'utf8'));
    expect(rows, said).toMatchObject([
      { fronts: 1, processes: 3, store: 'redis', load: 3, errors: {} },
    ]);
    const [{ allowed, admitted }] = rows as [LimitsRow];
    expect(Math.abs(admitted / allowed - 1)).toBeLessThan(0.3);
  });

  it.each([
    ['--store disk', /--store/],
    ['--fronts 0', /--fronts/],
    ['--limit x', /--limit/],
  ])('is used wrongly with %s', async (args, message) => {
    const { status, said } = await runBench('limits', args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
