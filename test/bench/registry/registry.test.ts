import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { CHANGE_NAMES } from '../../../bench/registry/change-names.ts';
import type { CallOutcomes, RegistryResult } from '../../../bench/registry/registry-result.ts';

const MAIN = fileURLToPath(new URL('../../../bench/registry/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-registry-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SMALL = ['--apis', '20', '--operations', '60', '--partners', '4', '--apps', '30'];
const CALLS = ['--rate', '200', '--connections', '20', '--warm-up', '1'];

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `onText` sees standard error as it comes. */
function registry(args: readonly string[], onText: (text: string, pid: number) => void = () => {}) {
  const child = spawn(process.execPath, [MAIN, '--no-record', ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', chunk => {
    stdout += chunk;
  });
  child.stderr.on('data', chunk => {
    stderr += chunk;
    onText(stderr, child.pid!);
  });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  child.once('close', status => resolve({ status, stdout, stderr }));
  return promise;
}

function expectAnswered({ requests, answered, errors, missedSends }: CallOutcomes): void {
  expect({ answered, errors, missedSends }).toEqual({
    answered: requests,
    errors: {},
    missedSends: 0,
  });
}

function expectStarts({ start, memoryAfterStart }: RegistryResult): void {
  for (const ms of [start.firstMs, ...start.furtherMs]) expect(ms).toBeGreaterThan(0);
  expect(memoryAfterStart.rssMb).toBeGreaterThan(50);
  expect(memoryAfterStart.heapMb).toMatchObject({
    ...{ main: expect.any(Number), 'front-0': expect.any(Number), 'front-1': expect.any(Number) },
  });
}

function expectRevoked({ revocation }: RegistryResult): void {
  const { connectionsByFront, acceptedBefore, acceptedAfter, lastAcceptedMs } = revocation;
  expect(connectionsByFront).toEqual([4, 4]);
  // Each of the eight connections is accepted twenty times before its key is revoked.
  expect(acceptedBefore).toBeGreaterThanOrEqual(2 * 8 * 20);
  expect(acceptedAfter).toBe(0);
  expect(lastAcceptedMs).toHaveLength(2);
  expect(Math.max(...lastAcceptedMs)).toBeLessThanOrEqual(0);
  expect(Math.min(...revocation.refusedAfterByFront)).toBeGreaterThan(0);
}

describe('bench:registry', () => {
  it('changes a registry in every way, beside calls that all succeed', {
    timeout: 120_000,
  }, async () => {
    const json = join(folder, 'result.json');
    const counts = ['--changes', '12', '--revocations', '2', '--rebuilds', '1'];
    const windows = ['--windows', '4', '--window', '1'];
    const run = await registry([...SMALL, ...CALLS, ...counts, ...windows, '--json', json]);
    expect(run.status, run.stderr + run.stdout).toBe(0);
    const result: RegistryResult = JSON.parse(readFileSync(json, 'utf8'));
    expect(result).toMatchObject({ name: 'registry', apis: 20, apps: 30, fronts: 2 });
    expectStarts(result);
    const { visibility, rebuild, changeLoad } = result;
    expect(visibility.all.count).toBe(12);
    expect(Object.keys(visibility.kinds).toSorted()).toEqual(CHANGE_NAMES.toSorted());
    for (const { count, max } of Object.values(visibility.kinds)) {
      expect(count).toBe(2);
      expect(max).toBeGreaterThan(0);
    }
    expectRevoked(result);
    expectAnswered(rebuild.calls);
    expect(rebuild.served.count).toBe(1);
    expect(rebuild.before.requests).toBeGreaterThan(100);
    expectAnswered(changeLoad.calls);
    const kinds = changeLoad.windows.map(({ isChanging, changes }) => [isChanging, changes]);
    expect(kinds).toEqual([
      [false, 0],
      [true, 1],
      [true, 1],
      [false, 0],
    ]);
    expect(changeLoad.changes.count).toBe(2);
    const inWindows = changeLoad.calm.requests + changeLoad.changing.requests;
    expect(inWindows).toBe(changeLoad.calls.requests);
    const ratio = changeLoad.changing.p99 / changeLoad.calm.p99;
    expect(changeLoad.p99Ratio).toBeCloseTo(ratio, 3);
    expect(result.configuration).toMatchObject({ 'admin.tokenFile': 'admin.token' });
    expect(run.stdout).toMatch(/^last call of a revoked key, behind the answer +kept: /m);
  });

  it('leaves nobody behind when it is interrupted', { timeout: 60_000 }, async () => {
    let signalled = false;
    const many = ['--changes', '6', '--revocations', '100', '--windows', '2', '--window', '1'];
    const run = await registry([...SMALL, ...CALLS, ...many], (text, pid) => {
      if (signalled || !text.includes('is revoked while it is used')) return;
      signalled = true;
      process.kill(pid, 'SIGINT');
    });
    expect(run.status, run.stderr).toBe(130);
    expect(run.stderr).toContain('interrupted');
  });

  it.each([
    [['--fronts', '0'], '--fronts takes a whole number'],
    [['--windows', '3'], '--windows takes a multiple of 2'],
    [['--apis', '100', '--operations', '99'], '--operations takes a whole number from 100'],
    [['--apps', '20', '--changes', '121'], 'more apps'],
    [['--connections', '99999'], 'limit of open files'],
    [['--loud', '9'], "Unknown option '--loud'"],
  ])('ends with status 2 and a sentence for %j', async (args, sentence) => {
    const { status, stderr } = await registry(args);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });
});
