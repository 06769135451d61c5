/**
 * Load with a fault every few seconds, from a seeded schedule: every call is accounted for as
 * answered, refused with a problem, or cut with a process that was killed.
 *
 *     npm run bench:chaos -- [options]        (see USAGE)
 *
 * Exit status 1: a call is unaccounted for, or took effect twice. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { namesOneTree } from '../rig/commit.ts';
import { Progress } from '../rig/progress.ts';
import { appendResult } from '../rig/results.ts';
import { readChaosArguments, USAGE } from './chaos-arguments.ts';
import { renderChaos } from './chaos-report.ts';
import type { ChaosOptions, ChaosResult } from './chaos-result.ts';
import { chaosText, failuresOf } from './chaos-text.ts';
import { runChaos } from './run-chaos.ts';

const command: BenchCommand = new BenchCommand('bench:chaos');

async function measure(options: ChaosOptions, signal: AbortSignal): Promise<ChaosResult> {
  const progress = new Progress(process.stderr, 0);
  try {
    return await runChaos(options, { signal, progress: text => progress.show(text) });
  } catch (error) {
    progress.end();
    command.failed(error);
  } finally {
    progress.end();
  }
}

const { options, json, report, record } = command.read(USAGE, readChaosArguments);
const result = await measure(options, command.interrupt());
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
if (report !== undefined) writeFileSync(report, renderChaos(result));
process.stdout.write(chaosText(result));
const failures = failuresOf(result);
for (const failure of failures) process.stderr.write(`bench:chaos: ${failure}\n`);
if (failures.length > 0) process.exitCode = 1;
else if (record && namesOneTree(result.commit)) appendResult('chaos', result);
else if (record) console.log('Not recorded: a tree that is no commit.');
