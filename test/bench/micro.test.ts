import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { CaseRound } from '../../bench/micro/bench-case.ts';
import { measureRound } from '../../bench/micro/measure-round.ts';
import { caseNames, requireOneHash } from '../../bench/micro/run-rounds.ts';
import { signedMessages } from '../../bench/micro/signed-checks.ts';
import { compareRounds, compareRuns, summarise } from '../../bench/micro/summarise.ts';
import { ClosedLoop, prepareChecks } from '../../bench/micro/verify-case.ts';

const MAIN = fileURLToPath(new URL('../../bench/micro/main.ts', import.meta.url));
const bench = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args]);

function round(name: string, figures: Partial<CaseRound>): CaseRound {
  return {
    name,
    opsPerSecond: 1_000,
    cpuMicrosPerOp: 10,
    samples: 1,
    operationsPerSample: 1,
    resultHash: '00000000',
    ...figures,
  };
}

describe('bench:micro', () => {
  it('writes the figures of every case', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-'));
    try {
      const file = join(folder, 'micro.json');
      const { stdout } = await bench('--quick', '--json', file);
      const report = JSON.parse(readFileSync(file, 'utf8'));
      expect(report.map(({ name }: { name: string }) => name)).toEqual(caseNames());
      for (const result of report) {
        expect(stdout).toContain(result.name);
        expect(result.rounds).toBe(1);
        expect(result.opsPerSecond).toBeGreaterThan(0);
        expect(result.cpuMicrosPerOp).toBeGreaterThan(0);
        expect(result.cpuMicrosPerOpMin).toBeLessThanOrEqual(result.cpuMicrosPerOpMax);
        expect(result.resultHash).toMatch(/^[0-9a-f]{8}$/);
      }
      expect(stdout).toContain('verify-rsa2048-single / verify-rsa2048-batched: CPU µs/op times');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends with status 2 for a case that does not exist', async () => {
    await expect(bench('--only', 'no-such-case')).rejects.toMatchObject({ code: 2 });
  });

  it('measures operations, not samples', async () => {
    let operations = 0;
    const result = await measureRound(
      {
        name: 'counting',
        setup: async () => ({
          sampleOperationsMin: 100,
          run: (iterations: number) => {
            operations += iterations;
            for (const endMs = performance.now() + 6; performance.now() < endMs; );
            return iterations;
          },
        }),
      },
      60,
    );
    expect(result.operationsPerSample).toBe(100);
    expect(result.samples).toBeGreaterThanOrEqual(5);
    expect(result.samples).toBeLessThanOrEqual(10);
    // A sample of 100 takes 6 ms or more.
    expect(result.opsPerSecond).toBeLessThan(100 / 0.006 + 1);
    expect(result.cpuMicrosPerOp).toBeGreaterThan(20);
    expect(result.resultHash).toBe('00000400');
    expect(operations).toBeGreaterThan(result.samples * 100);
  });
});

describe('the results of a case', () => {
  it('have to be the same in every round', () => {
    const rounds = [round('a', { resultHash: '1' }), round('a', { resultHash: '2' })];
    expect(() => requireOneHash('a', rounds)).toThrow('a gave different results: 1, 2');
  });

  it('fail where a check is not valid', async () => {
    const loop = new ClosedLoop(() => 'signature-invalid', signedMessages('hmac-sha256'), 4);
    await expect(loop.run(10)).rejects.toThrow('10 checks');
  });

  it('fail where everything is taken for valid', async () => {
    await expect(prepareChecks(signedMessages('hmac-sha256'), () => 'valid')).rejects.toThrow(
      'forged',
    );
  });
});

describe('the summary', () => {
  it('shows the median between the lowest and the highest round', () => {
    const rounds = [5, 1, 3].map(cpuMicrosPerOp => round('a', { cpuMicrosPerOp }));
    expect(summarise(rounds)).toMatchObject({
      cpuMicrosPerOp: 3,
      cpuMicrosPerOpMin: 1,
      cpuMicrosPerOpMax: 5,
      rounds: 3,
    });
  });

  it('compares two cases round by round', () => {
    const quiet = [2, 4].map(cpuMicrosPerOp => round('quiet', { cpuMicrosPerOp }));
    const busy = [4, 8].map(cpuMicrosPerOp => round('busy', { cpuMicrosPerOp }));
    const [cpu, ops] = compareRounds(busy, quiet);
    expect(cpu).toMatchObject({ ratio: { median: 2, min: 2, max: 2 }, beyondNoise: true });
    expect(ops).toMatchObject({ ratio: { median: 1 }, beyondNoise: false });
  });

  it('calls a change noise where the ranges of both runs meet', () => {
    const run = (...cpu: number[]) => [
      summarise(cpu.map(cpuMicrosPerOp => round('a', { cpuMicrosPerOp }))),
    ];
    expect(compareRuns(run(9, 10, 11), run(10, 11, 12))[0]!.beyondNoise).toBe(false);
    expect(compareRuns(run(7, 8, 9), run(10, 11, 12))[0]!.beyondNoise).toBe(true);
    expect(compareRuns([], run(1))).toEqual([]);
  });
});
