/**
 * The same work through the gateway and through what a user would pick instead, one core each:
 *
 *     npm run bench:compare -- [options]        (see USAGE)
 *
 * Exit status 1: a program is missing or a case has no round that counts. 2: wrong usage.
 * 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { UsageError } from '../rig/command-line.ts';
import { appendResult } from '../rig/results.ts';
import { compare } from './compare.ts';
import { type CompareArguments, readCompareArguments, USAGE } from './compare-arguments.ts';
import type { CompareResult } from './compare-result.ts';
import { resultText } from './print.ts';
import { reasonsAgainst } from './recordable.ts';

/** Ends at once: everything is ended and removed by now, and threads may still sign. */
function fail(error: unknown): never {
  const { message } = error as Error;
  const misused = error instanceof UsageError;
  process.stderr.write(`bench:compare: ${message}\n${misused ? `\n${USAGE}` : ''}`);
  process.exit(misused ? 2 : interrupted.signal.aborted ? 130 : 1);
}

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

const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}
try {
  const options = readCompareArguments(args);
  const tell = (line: string) => process.stderr.write(`${line}\n`);
  report(await compare({ ...options, signal: interrupted.signal, tell }), options);
} catch (error) {
  fail(error);
}
