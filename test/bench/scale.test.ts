import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findProgram, MissingProgramError } from '../../bench/rig/programs.ts';
import { growthSentence } from '../../bench/scale/growth-sentence.ts';
import { readScaleArguments } from '../../bench/scale/scale-arguments.ts';
import { scaleCurves } from '../../bench/scale/scale-curves.ts';
import { type ScalePoint, scalePoint } from '../../bench/scale/scale-result.ts';
import { BASE, pointOf, SECTIONS } from '../../bench/scale/sections.ts';

const MAIN = fileURLToPath(new URL('../../bench/scale/main.ts', import.meta.url));
const bench = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args]);

function missingPrograms(): string | undefined {
  try {
    findProgram('nginx');
    findProgram('setpriv');
    return undefined;
  } catch (error) {
    if (error instanceof MissingProgramError) return error.message;
    throw error;
  }
}

/** A point with these medians of CPU, one value a round. */
function point(
  x: number,
  cpu: readonly number[],
  failed = 0,
  limited: readonly string[] = [],
): ScalePoint {
  return scalePoint(
    x,
    BASE,
    cpu.map(cpuMicrosPerRequest => ({
      cpuMicrosPerRequest,
      frontCpuMicrosPerRequest: cpuMicrosPerRequest / 2,
      p50Ms: 1,
      p99Ms: 2,
      rssMb: 100,
      startMs: 500,
      requests: 1_000,
      answered: 1_000 - failed,
      failed,
      limited,
    })),
  );
}

const sentence = (...points: ScalePoint[]) => growthSentence('apps', 'cpuMicrosPerRequest', points);

describe('bench:scale', () => {
  // Without nginx there is nothing to forward to: scripts/install-test-tools.sh installs it.
  it.skipIf(missingPrograms())(
    'measures two points of a section through the real gateway',
    { timeout: 60_000 },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'xingyun-scale-'));
      try {
        const json = join(folder, 'scale.json');
        const args = ['--quick', '--only', 'apps', '--json', json, '--report', folder];
        const { stdout } = await bench(...args);
        const { sections } = JSON.parse(readFileSync(json, 'utf8'));
        expect(sections).toHaveLength(1);
        expect(sections[0].points.map(({ x }: ScalePoint) => x)).toEqual([10, 1_000]);
        for (const { figures, requests, failed } of sections[0].points as ScalePoint[]) {
          expect(requests).toBeGreaterThan(10);
          expect(failed).toBe(0);
          const { cpuMicrosPerRequest, frontCpuMicrosPerRequest } = figures;
          expect(frontCpuMicrosPerRequest.median).toBeGreaterThan(0);
          expect(cpuMicrosPerRequest.median).toBeGreaterThan(frontCpuMicrosPerRequest.median);
          expect(figures.p99Ms.median).toBeGreaterThanOrEqual(figures.p50Ms.median);
          expect(figures.rssMb.median).toBeGreaterThan(50);
          expect(figures.startMs.median).toBeGreaterThan(100);
        }
        expect(stdout).toContain('From 10 to 1,000 apps the CPU of the gateway per call');
        expect(readFileSync(join(folder, 'scale.html'), 'utf8')).toContain('Apps: time to start');
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('ends with status 2 for a section that does not exist', async () => {
    await expect(bench('--only', 'weather')).rejects.toMatchObject({ code: 2 });
  });

  it('records a run only where it is whole', () => {
    expect(readScaleArguments([]).record).toBe(true);
    expect(readScaleArguments(['--only', 'apps,body']).record).toBe(false);
    expect(readScaleArguments(['--quick']).record).toBe(false);
    expect(readScaleArguments(['--no-record']).record).toBe(false);
  });

  it('varies one thing at a time', () => {
    for (const section of SECTIONS) {
      const points = section.values.map(value => pointOf(section, value));
      for (const options of points) {
        const others = { ...options, [section.option]: 0 };
        expect(others).toEqual({ ...points[0], [section.option]: 0 });
      }
    }
  });
});

describe('the sentence on a curve', () => {
  it('says the change between the ends', () => {
    expect(sentence(point(10, [40, 41, 42]), point(40_000, [50, 51.25, 52]))).toBe(
      'From 10 to 40,000 apps the CPU of the gateway per call grows by 25 %: 41 and 51.3 µs.',
    );
    expect(sentence(point(10, [40, 41, 42]), point(20, [30, 31, 32]))).toContain('falls by 24 %');
    expect(sentence(point(10, [40, 41, 42]), point(20, [120, 123, 125]))).toContain(
      'grows 3 times: 41 and 123 µs',
    );
  });

  it('says so where the rounds differ by as much', () => {
    expect(sentence(point(10, [40, 45, 50]), point(20, [44, 49, 55]))).toBe(
      'From 10 to 20 apps the CPU of the gateway per call changes no more than the rounds ' +
        'differ: 45 and 49 µs.',
    );
  });

  it('does not know the noise of one round', () => {
    expect(sentence(point(10, [40]), point(20, [44]))).toContain('(one round, so its noise is');
  });

  it('names a peak between the ends, and every point with failures', () => {
    const points = [point(10, [40, 40]), point(20, [90, 90]), point(30, [50, 50], 3)];
    expect(sentence(...points)).toBe(
      'From 10 to 30 apps the CPU of the gateway per call grows by 25 %: 40 and 50 µs; ' +
        'highest is 90 µs at 20. At 30, 6 of 2,000 calls were not answered.',
    );
  });

  it('names every point at which the generator may have been the limit', () => {
    const points = [point(10, [40, 40]), point(20, [40, 40], 0, ['late'])];
    expect(sentence(...points)).toContain(
      'At 20, the generator may have been the limit in 2 of 2 rounds.',
    );
  });

  it('stands under every curve of its section', () => {
    const curves = scaleCurves([{ name: 'apps', points: [point(10, [1]), point(20, [2])] }]);
    expect(curves.map(({ heading }) => heading)).toEqual([
      'Apps: CPU per call',
      'Apps: latency',
      'Apps: memory',
      'Apps: time to start',
    ]);
    for (const curve of curves) {
      expect(curve.sentence).toMatch(/^From 10 to 20 apps the /);
      expect(curve.series[0]!.points).toHaveLength(2);
    }
  });
});
