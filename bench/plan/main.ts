/**
 * What `xingyun plan` says of six points, against what they are on this machine.
 *
 *     npm run bench:plan -- [options]        (see USAGE)
 *
 * Exit status 1: a run could not be made, or calls failed. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import { planText } from './plan-summary.ts';
import { type PlanBenchOptions, runPlan } from './run-plan.ts';

const USAGE = `usage: npm run bench:plan -- [options]

  --rounds N        over all six points; medians count (5)
  --duration N      measured seconds of each (8)
  --warm-up N       seconds before them (5)
  --connections N   (1000)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/plan.jsonl
`;

const command: BenchCommand = new BenchCommand('bench:plan');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    rounds: { type: 'string', default: '5' },
    duration: { type: 'string', default: '8' },
    'warm-up': { type: 'string', default: '5' },
    connections: { type: 'string', default: '1000' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: PlanBenchOptions = {
    rounds: wholeNumber('--rounds', values.rounds, 1, 100),
    durationSeconds: wholeNumber('--duration', values.duration, 1, 600),
    warmUpSeconds: wholeNumber('--warm-up', values['warm-up'], 0, 600),
    connections: wholeNumber('--connections', values.connections, 1, 19_000),
  };
  return { options, json: values.json, record: values.record };
}

const { options, json, record } = command.read(USAGE, readArguments);
const result = await measureOnce(command, options, runPlan);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(planText(result));
const failed = result.points.reduce((sum, point) => sum + point.failed, 0);
recordResult(result, { isGood: failed === 0, isWanted: record });
