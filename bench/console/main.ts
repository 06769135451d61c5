/**
 * What watching a gateway costs its calls, and whether what is shown is what the callers saw.
 *
 *     npm run bench:console -- [options]        (see USAGE)
 *
 * Exit status 1: the run could not be made, or calls failed. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
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
  const { ratio, ratios, viewers, outside, shown, callsOutside, callsShown } = result;
  const percent = (share: number) => `${((share - 1) * 100).toFixed(1)} %`;
  const most = [Math.min(...ratios), Math.max(...ratios)].map(percent).join(' to ');
  const line = (name: string, figures: ConsoleBenchResult['outside']) =>
    `  ${name.padEnd(10)}p50 ${figures.p50.toFixed(2)}  p99 ${figures.p99.toFixed(2)}  ` +
    `p99.9 ${figures.p999.toFixed(2)}  max ${figures.max.toFixed(2)} ms`;
  return [
    `CPU of fronts and workers for a call with ${viewers} watching: ${percent(ratio)} (${most})`,
    `Main thread for a call: ${result.mainMicrosWithout.toFixed(2)} µs without, ` +
      `${result.mainMicrosWith.toFixed(2)} with`,
    `Calls: ${callsOutside} that the callers count, ${callsShown} that the gateway shows`,
    line('callers', outside),
    line('shown', shown),
    '',
  ].join('\n');
}

const { options, json, record } = command.read(USAGE, readArguments);
const result = await measureOnce(command, options, runConsole);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(textOf(result));
recordResult(result, { isGood: result.failed === 0, isWanted: record });
