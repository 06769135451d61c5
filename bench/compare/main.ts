/**
 * The same work through the gateway and through what a user would pick instead, one core each:
 *
 *     npm run bench:compare -- [options]
 *
 * The exit status is 1 where a program is missing or a case has no round that counts, 2 for wrong
 * usage.
 */
import { writeFileSync } from 'node:fs';
import { UsageError } from '../rig/command-line.ts';
import { appendResult } from '../rig/results.ts';
import { compare } from './compare.ts';
import { type CompareArguments, readCompareArguments, USAGE } from './compare-arguments.ts';
import type { CompareResult } from './compare-result.ts';
import { resultText } from './print.ts';
import { isRecordable } from './recordable.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}

try {
  const options = readCompareArguments(process.argv.slice(2));
  const tell = (line: string) => process.stderr.write(`${line}\n`);
  const result = await compare({ ...options, signal: interrupted.signal, tell });
  report(result, options);
} catch (error) {
  const misused = error instanceof UsageError;
  process.stderr.write(
    `bench:compare: ${(error as Error).message}\n${misused ? `\n${USAGE}` : ''}`,
  );
  // Everything is ended and removed by now; threads that sign need not be waited for.
  process.exit(misused ? 2 : 1);
}

function report(result: CompareResult, { json, record }: CompareArguments): void {
  console.log(resultText(result));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  if (record && isRecordable(result)) appendResult('compare', result);
  const empty = result.cases.some(({ rounds }) => rounds.length === 0);
  if (empty || result.missing.length > 0) process.exitCode = 1;
}
