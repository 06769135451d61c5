import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { buildResult } from './load-results.ts';
import { allOf, byId, textOf } from './parsed-page.ts';
import { expectSoundPage } from './sound-page.ts';

const MAIN = fileURLToPath(new URL('../../../bench/report/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xingyun-report-'));
const command = (...args: string[]) => promisify(execFile)(process.execPath, [MAIN, ...args]);

function store(name: string, value: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

describe('bench:report', () => {
  const result = buildResult({ seconds: 2, rate: 500 });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes one page from stored results', async () => {
    const out = join(folder, 'new', 'folder');
    const files = [store('one.json', result), store('two.json', { ...result, seed: 2 })];
    const { stdout } = await command(...files, '--out', out);
    expect(stdout.trim()).toBe(join(out, 'report.html'));
    const page = expectSoundPage(readFileSync(stdout.trim(), 'utf8'));
    expect(textOf(byId(page, 'comparison'))).toContain('seed: seed 42, seed 2');
  });

  it('takes null, which JSON writes for no number, as not measured', async () => {
    const file = store('null.json', { ...result, upstreamCpuMicrosPerRequest: Number.NaN });
    await command(file, '--out', folder);
    const page = expectSoundPage(readFileSync(join(folder, 'report.html'), 'utf8'));
    const rows = allOf(byId(page, 'cpu'), 'tr').map(row => row.childNodes.map(textOf));
    expect(rows).toContainEqual(['upstream', '–']);
  });

  it('takes the last result of a file of many', async () => {
    const file = join(folder, 'load.jsonl');
    const lines = [result, { ...result, seed: 77 }].map(each => `${JSON.stringify(each)}\n`);
    writeFileSync(file, lines.join(''));
    await command(file, '--out', folder);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('seed 77');
  });

  it('names the file and the place where it holds no result', async () => {
    const { timeline: _, ...lacking } = result;
    const wrong = { ...result, timeline: { ...result.timeline, due: 'many' } };
    await expect(command(store('lacking.json', lacking))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/lacking\.json: .*'timeline'/),
    });
    await expect(command(store('wrong.json', wrong))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/wrong\.json: \/timeline\/due must be array/),
    });
    await expect(command(join(folder, 'absent.json'))).rejects.toMatchObject({ code: 1 });
  });

  it('shows its usage without files or with an unknown option', async () => {
    for (const args of [[], ['--what']]) {
      await expect(command(...args)).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringContaining('usage: npm run bench:report'),
      });
    }
  });
});
