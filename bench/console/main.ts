/**
 * What watching a gateway costs its calls, and whether what is shown is what the callers saw.
 *
 *     npm run bench:console -- [options]        (see USAGE)
 *
 * Exit status 1: the run could not be made, calls failed, or what is shown is not what the callers
 * saw. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import { disagreements } from './agreement.ts';
import { type ConsoleBenchOptions, type ConsoleBenchResult, runConsole } from './run-console.ts';

const USAGE = `usage: npm run bench:console -- [options]

  --rate N          calls due a second (4000)
  --connections N   (1000)
  --pairs N         of turns with viewers and without (5)
  --turn N          seconds of each turn (6)
  --viewers N       of the live figures (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/console.jsonl
`;

const command: BenchCommand = new BenchCommand('bench:console');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    rate: { type: 'string', default: '4000' },
    connections: { type: 'string', default: '1000' },
    pairs: { type: 'string', default: '5' },
    turn: { type: 'string', default: '6' },
    viewers: { type: 'string', default: '1' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: ConsoleBenchOptions = {
    rate: wholeNumber('--rate', values.rate, 1, 100_000),
    connections: wholeNumber('--connections', values.connections, 1, 19_000),
    pairs: wholeNumber('--pairs', values.pairs, 1, 100),
    turnSeconds: wholeNumber('--turn', values.turn, 2, 600),
    viewers: wholeNumber('--viewers', values.viewers, 1, 32),
  };
  return { options, json: values.json, record: values.record };
}

function textOf(result: ConsoleBenchResult): string {
  const { ratio, ratios, viewers, agreement } = result;
  const { rows, callsOutside, callsShown, pings } = agreement;
  const percent = (share: number) => `${((share - 1) * 100).toFixed(1)} %`;
  const most = [Math.min(...ratios), Math.max(...ratios)].map(percent).join(' to ');
  const cell = (text: string | number) =>
    (typeof text === 'string' ? text : text.toFixed(3)).padStart(11);
  const line = (name: string, cells: readonly (string | number)[]) =>
    `  ${name.padEnd(5)}${cells.map(cell).join('')}`;
  return [
    `CPU of fronts and workers for a call with ${viewers} watching: ${percent(ratio)} (${most})`,
    `Main thread for a call: ${result.mainMicrosWithout.toFixed(2)} µs without, ` +
      `${result.mainMicrosWith.toFixed(2)} with`,
    `Calls: ${callsOutside} that the callers count, ${callsShown} that the gateway shows; ` +
      `${pings} pings`,
    line('ms', ['callers', 'shown', 'ping', 'at least', 'at most']),
    ...rows.map(({ percentile, outside, shown, loopback, least, most }) =>
      line(`p${percentile}`, [outside, shown, loopback, least, most]),
    ),
    ...disagreements(agreement).map(sentence => `Not the same: ${sentence}.`),
    ...result.disturbed.map(reason => `Disturbed: ${reason}.`),
    '',
  ].join('\n');
}

const { options, json, record } = command.read(USAGE, readArguments);
const result = await measureOnce(command, options, runConsole);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(textOf(result));
recordResult(result, {
  isGood:
    result.failed + result.pingsFailed === 0 &&
    result.disturbed.length === 0 &&
    disagreements(result.agreement).length === 0,
  isWanted: record,
});
