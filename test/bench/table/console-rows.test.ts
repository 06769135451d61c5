import { describe, expect, it } from 'vitest';
import type { ConsoleBenchResult } from '../../../bench/console/run-console.ts';
import type { PlanBenchResult } from '../../../bench/plan/run-plan.ts';
import { consoleRows, planRows } from '../../../bench/table/console-rows.ts';

const RUN = { startedAt: '2026-11-28T00:00:00.000Z', commit: 'abc123', environment: {} };

describe('the rows of the console and of plans', () => {
  it('say what watching costs a call, over all pairs', () => {
    const result = {
      ...RUN,
      ...{ viewers: 1, rate: 4_000, ratios: [0.99, 1.004, 1.018], ratio: 1.004 },
      mainMicrosWith: 1.62,
    } as unknown as ConsoleBenchResult;
    const [row] = consoleRows([result]);
    expect(row!.what.en).toContain('while 1 watches the console');
    expect(row!.seen.en).toMatch(/^0\.4 % \(-1 to 1\.8 in 3 pairs\); .* 1\.62 µs a call$/);
    expect(row!.seen.zh).toMatch(/^0\.4 %（3 对：-1 至 1\.8）/);
    expect(consoleRows([])).toEqual([]);
  });

  it('say how far off the worst point is, either way', () => {
    const figures = (p99Ms: number, utilization: number) => ({ p99Ms, utilization });
    const points = [
      { predicted: figures(6, 0.5), measured: figures(4.8, 0.52), rounds: [{ wholeP99Ms: 6 }] },
      { predicted: figures(4, 0.3), measured: figures(5.6, 0.225), rounds: [{ wholeP99Ms: 8 }] },
    ];
    const [row] = planRows([{ ...RUN, points } as unknown as PlanBenchResult]);
    expect(row!.seen.en).toBe(
      'p99 of the median second at most 1.4 times off, ' +
        'of all calls, stalls included, 2 times; utilisation 7.5 points',
    );
    expect(row!.command).toBe('npm run bench:plan');
    expect(planRows([])).toEqual([]);
  });
});
