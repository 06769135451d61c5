import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { signedMessages } from '../../bench/micro/signed-checks.ts';
import { ClosedLoop } from '../../bench/micro/verify-case.ts';

const MAIN = fileURLToPath(new URL('../../bench/micro/main.ts', import.meta.url));
const bench = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args]);

describe('bench:micro', () => {
  it('writes the figures of a case', { timeout: 60_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-'));
    try {
      for (const name of ['verify-rsa2048-batched', 'verify-rsa2048-single']) {
        const file = join(folder, `${name}.json`);
        const { stdout } = await bench('--quick', '--only', name, '--json', file);
        expect(stdout).toContain(name);
        const report = JSON.parse(readFileSync(file, 'utf8'));
        expect(report).toEqual([
          { name, opsPerSecond: expect.any(Number), cpuMicrosPerOp: expect.any(Number) },
        ]);
        expect(report[0].opsPerSecond).toBeGreaterThan(0);
        expect(report[0].cpuMicrosPerOp).toBeGreaterThan(0);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends with status 2 for a case that does not exist', async () => {
    await expect(bench('--only', 'no-such-case')).rejects.toMatchObject({ code: 2 });
  });

  it('fails where a check is not valid', async () => {
    const loop = new ClosedLoop(() => 'signature-invalid', signedMessages('hmac-sha256'), 4);
    await expect(loop.run(10)).rejects.toThrow('10 checks');
  });
});
