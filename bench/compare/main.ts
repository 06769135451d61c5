/**
 * The same work through the gateway and through what a user would pick instead, one core each:
 *
 *     npm run bench:compare -- [options]        (see USAGE)
 *
 * Exit status 1: a program is missing or a case has no round that counts. 2: wrong usage.
 * 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { appendResult } from '../rig/results.ts';
import { compare } from './compare.ts';
import { type CompareArguments, readCompareArguments, USAGE } from './compare-arguments.ts';
import type { CompareResult } from './compare-result.ts';
import { resultText } from './print.ts';
import { reasonsAgainst } from './recordable.ts';

const command: BenchCommand = new BenchCommand('bench:compare');

function report(result: CompareResult, { json, record }: CompareArguments): void {
  console.log(resultText(result));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  if (record) recordUnless(reasonsAgainst(result), result);
  const empty = result.cases.some(({ rounds }) => rounds.length === 0);
  if (empty || result.missing.length > 0) process.exitCode = 1;
}

function recordUnless(reasons: readonly string[], result: CompareResult): void {
  if (reasons.length === 0) appendResult('compare', result);
  else console.log(`Not recorded: ${reasons.join('; ')}.`);
}

const options = command.read(USAGE, readCompareArguments);
const signal = command.interrupt();
const tell = (line: string) => process.stderr.write(`${line}\n`);
try {
  report(await compare({ ...options, signal, tell }), options);
} catch (error) {
  // Everything is ended and removed by now; threads that sign need not be waited for.
  command.failed(error);
}
