import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { OverloadResult } from '../../../bench/overload/overload-result.ts';

const MAIN = fileURLToPath(new URL('../../../bench/overload/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-overload-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function overload(args: readonly string[]) {
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
      const { status, said } = await overload([...size, ...rates, '--json', json]);
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
    const { status, said } = await overload(args.split(' '));
    expect([status, said]).toEqual([2, expect.stringMatching(message)]);
  });
});
