/**
 * Throughput at saturation by wrk and by bench:load, one core for the gateway and one for the load:
 *
 *     npm run bench:agree -- [options]
 *
 * The exit status is 1 where the two are more than 10 % apart or a run does not count, 2 for wrong
 * usage, 130 after Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { appendResult } from '../rig/results.ts';
import { type AgreeResult, agree } from './agree.ts';

/** How far the two may be apart. */
const APART_MAX = 0.1;
/** What one core carries at most, so that no run is short of signed requests. */
const SIGNED_PER_SECOND = 16_000;

const USAGE = `usage: npm run bench:agree -- [options]

  --rounds N     pairs of runs (3)
  --seconds N    of each measured window (5)
  --warm-up N    seconds before it, with requests of its own (6)
  --rate N       that the open loop asks for: more than one core carries (14000)
  --json FILE    write the result
  --no-record    do not append the result to bench/results/agree.jsonl
`;

const command: BenchCommand = new BenchCommand('bench:agree');
const { json, record, ...options } = command.read(USAGE, readArguments);
const signal = command.interrupt();
const tell = (line: string) => process.stderr.write(`${line}\n`);
try {
  const result = await agree({ ...options, signal, tell });
  report(result, json);
  if (record) appendResult('agree', result);
} catch (error) {
  command.failed(error);
}

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '6' },
    rate: { type: 'string', default: '14000' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const seconds = wholeNumber('--seconds', values.seconds, 1, 60);
  const warmUpSeconds = wholeNumber('--warm-up', values['warm-up'], 1, 60);
  return {
    rounds: wholeNumber('--rounds', values.rounds, 1, 100),
    seconds,
    warmUpSeconds,
    rate: wholeNumber('--rate', values.rate, 1, 1_000_000),
    signedRequests: (seconds + warmUpSeconds) * SIGNED_PER_SECOND,
    json: values.json,
    record: values.record,
  };
}

function report(result: AgreeResult, json: string | undefined): void {
  const { ratio, rounds } = result;
  console.table(rounds);
  const [median, least, most] = [ratio.median, ratio.min, ratio.max].map(each => each.toFixed(3));
  console.log(`bench:load / wrk  ${median} (${least} to ${most})`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  if (Math.abs(ratio.median - 1) > APART_MAX) process.exitCode = 1;
}
