import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { OverloadResult } from '../../../bench/overload/overload-result.ts';
import { runBench } from '../run-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-overload-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('bench:overload', () => {
  // The gateway and what asks it have a core each.
  it.skipIf(availableParallelism() < 2)(
    'finds the capacity and says what becomes of more',
    { timeout: 120_000 },
    async () => {
      const json = join(folder, 'result.json');
      const size = ['--connections', '200', '--seconds', '1', '--warm-up', '2'];
      // More than a core carries, so that one step finds it.
      const rates = ['--rate', '12000', '--factors', '0.5'];
      const { status, said } = await runBench('overload', [...size, ...rates, '--json', json]);
      expect(status, said).toBe(0);
      const result: OverloadResult = JSON.parse(readFileSync(json, 'utf8'));
      // Beside other tests a core may answer none of 12,000 calls in its second.
      expect(result.capacity).toBeLessThan(12_000);
      expect(result.runs).toMatchObject([{ factor: 0.5, errors: expect.any(Object) }]);
      expect(result.withoutControl).toMatchObject({ factor: 0.5 });
      expect(said).toContain('overload control off');
    },
  );

  it.each([
    ['--factors 0', /--factors/],
    ['--seconds x', /--seconds/],
  ])('is used wrongly with %s', async (args, message) => {
    const { status, said } = await runBench('overload', args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
