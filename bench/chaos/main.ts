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
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import { readChaosArguments, USAGE } from './chaos-arguments.ts';
import { renderChaos } from './chaos-report.ts';
import { chaosText, failuresOf } from './chaos-text.ts';
import { runChaos } from './run-chaos.ts';

const command: BenchCommand = new BenchCommand('bench:chaos');

const { options, json, report, record } = command.read(USAGE, readChaosArguments);
const result = await measureOnce(command, options, runChaos);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
if (report !== undefined) writeFileSync(report, renderChaos(result));
process.stdout.write(chaosText(result));
const failures = failuresOf(result);
for (const failure of failures) process.stderr.write(`bench:chaos: ${failure}\n`);
recordResult(result, { isGood: failures.length === 0, isWanted: record });
