import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/test-summary.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'xingyun-summary-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function summarise(report: unknown): { line: string; status: number | null } {
  const file = join(folder, 'report.json');
  if (report !== undefined) writeFileSync(file, JSON.stringify(report));
  const { stdout, status } = spawnSync(process.execPath, [script, file], { encoding: 'utf8' });
  return { line: stdout, status };
}

const file = (...statuses: string[]) => ({
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map(status => ({ status })),
});

describe('the test summary', () => {
  it('counts what passed', () => {
    const report = {
      success: true,
      numTotalTests: 2,
      numPassedTests: 2,
      numFailedTests: 0,
      testResults: [file('passed', 'passed')],
    };
    expect(summarise(report)).toEqual({ line: '2 passed, 0 failed\n', status: 0 });
  });

  it('counts a file that broke before its tests as one failure beside those of the others', () => {
    const report = {
      success: false,
      numTotalTests: 2,
      numPassedTests: 1,
      numFailedTests: 1,
      testResults: [file('passed', 'failed'), { status: 'failed', assertionResults: [] }],
    };
    expect(summarise(report)).toEqual({ line: '1 passed, 2 failed\n', status: 1 });
  });

  it('counts an error outside every test as a failure', () => {
    const report = {
      success: false,
      numTotalTests: 1,
      numPassedTests: 1,
      numFailedTests: 0,
      testResults: [file('passed')],
    };
    expect(summarise(report)).toEqual({ line: '1 passed, 1 failed\n', status: 1 });
  });

  it.each([
    { what: 'no report', report: undefined },
    { what: 'a report without a test', report: { success: true, numTotalTests: 0 } },
  ])('takes $what for a failure', ({ report }) => {
    expect(summarise(report)).toEqual({ line: '0 passed, 1 failed\n', status: 1 });
  });
});
