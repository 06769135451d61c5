import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readChaosArguments } from '../../../bench/chaos/chaos-arguments.ts';
import type { ChaosResult } from '../../../bench/chaos/chaos-result.ts';
import { runBench } from '../run-bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-bench-chaos-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('bench:chaos', () => {
  it('accounts for every call, and draws what became of them', { timeout: 90_000 }, async () => {
    const [json, report] = [join(folder, 'result.json'), join(folder, 'report.html')];
    const size = ['--seconds', '10', '--fault-every', '5', '--rate', '40', '--seed', '1'];
    const { status, said } = await runBench('chaos', [...size, '--json', json, '--report', report]);
    expect(status, said).toBe(0);
    const result: ChaosResult = JSON.parse(readFileSync(json, 'utf8'));
    const { requests, answered, refused, cut, unaccounted, faults, timeline } = result;
    expect(faults).toMatchObject([{ name: expect.any(String), cuts: expect.any(Boolean) }]);
    expect(unaccounted).toEqual({});
    const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
    expect(answered + refusals + cut).toBe(requests);
    expect(requests).toBeGreaterThan(200);
    expect(answered).toBeGreaterThan(requests / 4);
    expect(timeline.due.reduce((sum, count) => sum + count, 0)).toBe(requests);
    const page = readFileSync(report, 'utf8');
    expect(page).toContain(faults[0]!.name);
    expect(page).not.toContain('NaN');
  });

  it.each([
    ['--seconds 5', /--seconds/],
    ['--seconds 20 --fault-every 15', /room for one fault/],
    ['--rate 0', /--rate/],
  ])('is used wrongly with %s', (args, message) => {
    expect(() => readChaosArguments(args.split(' '))).toThrow(message);
  });
});
