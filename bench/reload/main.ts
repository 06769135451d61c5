/**
 * Rolling reloads while calls come over kept connections, over new ones and over sessions: every
 * call must be answered by the upstream, whichever process it met.
 *
 *     npm run bench:reload -- [options]        (see USAGE)
 *
 * Exit status 1: a call failed or was lost. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import { type ReloadBenchOptions, reloadText } from './reload-result.ts';
import { runReload } from './run-reload.ts';

const USAGE = `usage: npm run bench:reload -- [options]

  --rounds N        reloads, one after the other (10)
  --rate N          calls due a second over kept connections (5000)
  --connections N   that are kept (500)
  --new N           calls a second over a connection of their own each (200)
  --sessions N      of the client library, that call all the time (20)
  --pause N         milliseconds between reloads (1000)
  --seed N          of the arrivals (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/reload.jsonl
`;

const command: BenchCommand = new BenchCommand('bench:reload');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    rounds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '5000' },
    connections: { type: 'string', default: '500' },
    new: { type: 'string', default: '200' },
    sessions: { type: 'string', default: '20' },
    pause: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: ReloadBenchOptions = {
    rounds: wholeNumber('--rounds', values.rounds, 1, 100),
    rate: wholeNumber('--rate', values.rate, 1, 100_000),
    connections: wholeNumber('--connections', values.connections, 1, 19_000),
    newConnectionsRate: wholeNumber('--new', values.new, 0, 10_000),
    sessions: wholeNumber('--sessions', values.sessions, 0, 1_000),
    pauseMs: wholeNumber('--pause', values.pause, 0, 600_000),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  return { options, json: values.json, record: values.record };
}

const { options, json, record } = command.read(USAGE, readArguments);
const result = await measureOnce(command, options, runReload);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(reloadText(result));
recordResult(result, { isGood: result.failed + result.websocketCallsLost === 0, isWanted: record });
