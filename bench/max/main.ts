/**
 * npm run bench:max -- [--connections 12000] [--scheme rfc9421-rsa] [--json FILE] (more: see USAGE)
 *
 * The highest rate at which p99 < 50 ms, p99.9 < 100 ms and no error, with the interval in which it
 * lies. Exit status 1: not even the lowest rate passed, or a run could not be made. 2: wrong usage.
 * 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { UsageError } from '../rig/command-line.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { type MaxArguments, readMaxArguments, USAGE } from './max-arguments.ts';
import type { MaxResult } from './max-result.ts';
import { maxSummary, probeLine } from './max-summary.ts';
import { runMax } from './run-max.ts';

function fail(message: string, status: number): never {
  process.stderr.write(`bench:max: ${message}\n`);
  process.exit(status);
}

function readArguments(): MaxArguments {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  try {
    return readMaxArguments(args);
  } catch (error) {
    if (error instanceof UsageError) fail(error.message, 2);
    throw error;
  }
}

async function search({ options }: MaxArguments, interrupt: AbortSignal): Promise<MaxResult> {
  const progress = new Progress(process.stderr, 0);
  try {
    return await runMax(options, {
      signal: interrupt,
      progress: text => progress.show(text),
      onProbe: probe => {
        progress.end();
        process.stdout.write(probeLine(probe));
      },
    });
  } catch (error) {
    progress.end();
    if (interrupt.aborted) fail('interrupted; everything that was started has ended.', 130);
    fail((error as Error).message, 1);
  } finally {
    progress.end();
  }
}

const args = readArguments();
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupt.abort(new Error('interrupted')));
}
const result = await search(args, interrupt.signal);
if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result)}\n`);
process.stdout.write(maxSummary(result));
if (args.record) appendResult('max', result);
if (result.passedAll === 0) process.exitCode = 1;
