/**
 * npm run bench:micro -- [--json FILE] [--only NAME] [--quick]
 *
 * Runs each case of bench/micro/cases in a process of its own, one after the other, so that none
 * inherits another's heap, compiled code or threads.
 */
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { BenchResult } from './bench-case.ts';

const DURATION_MS = 3_000;
const QUICK_DURATION_MS = 200;
/** A case that hangs is ended; setting up and warming up take a few times the duration. */
const CASE_TIMEOUT_MS = 60_000;
const CASES = new URL('cases/', import.meta.url);
const RUN_CASE = fileURLToPath(new URL('run-case.ts', import.meta.url));

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const results = await runCases(values.only, values.quick ? QUICK_DURATION_MS : DURATION_MS);
console.table(
  Object.fromEntries(
    results.map(({ name, opsPerSecond, cpuMicrosPerOp }) => [
      name,
      { 'ops/s': Math.round(opsPerSecond), 'CPU µs/op': Number(cpuMicrosPerOp.toPrecision(3)) },
    ]),
  ),
);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
}

async function runCases(only: string | undefined, durationMs: number): Promise<BenchResult[]> {
  const files = readdirSync(CASES)
    .filter(file => extname(file) === '.ts')
    .filter(file => only === undefined || file === `${only}.ts`)
    .sort();
  if (files.length === 0) {
    console.error(`no case named ${only}; the cases are the files in bench/micro/cases`);
    process.exit(2);
  }
  const found: BenchResult[] = [];
  for (const file of files) found.push(await runCase(new URL(file, CASES), durationMs));
  return found;
}

async function runCase(file: URL, durationMs: number): Promise<BenchResult> {
  const args = [RUN_CASE, file.href, String(durationMs)];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: CASE_TIMEOUT_MS,
  });
  return JSON.parse(stdout);
}
