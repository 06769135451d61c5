import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { MaxResult } from '../../../bench/max/max-result.ts';

const MAIN = fileURLToPath(new URL('../../../bench/max/main.ts', import.meta.url));
const bench = (...args: string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...args, '--no-record']);

describe('bench:max', () => {
  it('searches with real runs', { timeout: 90_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-max-'));
    try {
      const json = join(folder, 'max.json');
      const search = ['--low', '50', '--high', '200', '--repeats', '1', '--resolution', '50'];
      const run = ['--connections', '20', '--duration', '1', '--warm-up', '1', '--scheme', 'none'];
      // A machine that stalls for 50 ms may fail any rate; the result is written all the same.
      await bench(...search, ...run, '--json', json).catch(error => {
        expect(error).toMatchObject({ code: 1, stdout: expect.stringContaining('no rate from') });
      });
      const result: MaxResult = JSON.parse(readFileSync(json, 'utf8'));
      expect(result).toMatchObject({ name: 'max', lowRate: 50, highRate: 200, connections: 20 });
      expect(result.probes[0]).toMatchObject({ rate: 200, seed: 1, errors: {}, missedSends: 0 });
      const at = (rate: number) => result.probes.filter(probe => probe.rate === rate);
      const verdicts = (rate: number) => at(rate).map(({ verdict }) => verdict);
      if (result.passedAll > 0) expect(verdicts(result.passedAll)).toContain('passed');
      else expect(verdicts(50)).not.toEqual(['passed']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [['--low', '9', '--high', '9'], '--low must be below --high'],
    [['--resolution', '0'], '--resolution takes a whole number from 1 to 50'],
    [['--rate', '5'], "Unknown option '--rate'"],
  ])('ends with status 2 and a sentence for %j', async (args, sentence) => {
    await expect(bench(...args)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(sentence),
    });
  });
});
