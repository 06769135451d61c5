/**
 * What a neighbour costs others: their p99 without and with one application that floods, sends
 * much, waits for an upstream that hangs, or does not read.
 *
 *     npm run bench:isolation -- [options]        (see USAGE)
 *
 * Exit status 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { oneOf, parseOptions, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import { type IsolationBenchOptions, isolationText, NEIGHBOURS } from './isolation-result.ts';
import { runIsolation } from './run-isolation.ts';

const USAGE = `usage: npm run bench:isolation -- [options]

  --only LIST       neighbours, of ${NEIGHBOURS.join(', ')} (all)
  --rate N          calls due a second of others (1000)
  --connections N   of others (300)
  --window N        seconds without it, with it elsewhere, and with it, in turns (6)
  --rounds N        turns for each neighbour (3)
  --seed N          of the arrivals (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/isolation.jsonl
`;

const command: BenchCommand = new BenchCommand('bench:isolation');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    only: { type: 'string', default: NEIGHBOURS.join(',') },
    rate: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '300' },
    window: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: IsolationBenchOptions = {
    neighbours: values.only.split(',').map(name => oneOf('--only', name, NEIGHBOURS)),
    rate: wholeNumber('--rate', values.rate, 1, 100_000),
    connections: wholeNumber('--connections', values.connections, 1, 19_000),
    windowSeconds: wholeNumber('--window', values.window, 2, 600),
    rounds: wholeNumber('--rounds', values.rounds, 1, 100),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  return { options, json: values.json, record: values.record };
}

const { options, json, record } = command.read(USAGE, readArguments);
const result = await measureOnce(command, options, runIsolation);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(isolationText(result));
recordResult(result, { isGood: true, isWanted: record });
