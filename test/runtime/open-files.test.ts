import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultConfig } from '../../src/control-plane/config/index.ts';
import { connectionsThatFit, readOpenFilesMax } from '../../src/runtime/open-files.ts';

function roomFor(openFilesMax: number, fronts = 1, workers = 1): number {
  const { config } = defaultConfig();
  config.fronts.count = fronts;
  config.workers.count = workers;
  return connectionsThatFit(config, openFilesMax);
}

describe('connections that fit', () => {
  it('are as many as are configured where files are many', () => {
    expect(roomFor(20_000)).toBe(19_000);
    expect(roomFor(Number.POSITIVE_INFINITY, 4, 4)).toBe(19_000);
  });

  it('leave files for the process itself and for upstreams, stores and operators', () => {
    expect(roomFor(1_024)).toBe(875);
    expect(2 * roomFor(1_024, 2, 2)).toBeLessThan(1_024 - 100 - 90);
    expect(roomFor(10_000)).toBe(9_442);
  });

  it('are one at least', () => {
    expect(roomFor(10)).toBe(1);
  });
});

describe('the limit of open files', () => {
  it.each([
    ['Max open files            1024                 4096                 files', 1_024],
    ['Max open files            unlimited            unlimited            files', Infinity],
    ['nothing of it', Infinity],
  ])('is read from %j', (line, most) => {
    const folder = mkdtempSync(join(tmpdir(), 'xingyun-files-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'limits');
    writeFileSync(file, `Limit  Soft Limit  Hard Limit  Units\n${line}\n`);
    expect(readOpenFilesMax(file)).toBe(most);
  });

  it('is none where nobody tells it', () => {
    expect(readOpenFilesMax('/nowhere')).toBe(Number.POSITIVE_INFINITY);
  });
});
