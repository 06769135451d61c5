/**
 * npm run bench:max -- [--connections 12000] [--scheme rfc9421-rsa] [--json FILE] (more: see USAGE)
 *
 * The highest rate at which p99 < 50 ms, p99.9 < 100 ms and no error, with the interval in which it
 * lies. Exit status 1: not even the lowest rate passed, or a run could not be made. 2: wrong usage.
 * 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { type MaxArguments, readMaxArguments, USAGE } from './max-arguments.ts';
import type { MaxResult } from './max-result.ts';
import { maxSummary, probeLine } from './max-summary.ts';
import { runMax } from './run-max.ts';

const command: BenchCommand = new BenchCommand('bench:max');

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
    command.failed(error);
  } finally {
    progress.end();
  }
}

const args = command.read(USAGE, readMaxArguments);
const interrupt = command.interrupt();
const result = await search(args, interrupt);
if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(result)}\n`);
process.stdout.write(maxSummary(result));
if (args.record) appendResult('max', result);
if (result.passedAll === 0) process.exitCode = 1;
