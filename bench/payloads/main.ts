/**
 * What the conversion of payloads adds to the front thread: the same calls to an operation whose
 * payloads pass and to one whose payloads are held against schemas, in turn.
 *
 *     npm run bench:payloads -- [options]        (see USAGE)
 *
 * Exit status 1: it adds more than 5 µs a call. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import type { PayloadsOptions } from './payloads-result.ts';
import { runPayloads } from './run-payloads.ts';

const USAGE = `usage: npm run bench:payloads -- [options]

  --sizes LIST      bytes of a body (600,8000,100000)
  --rates LIST      calls a second of each size (6000,3000,300)
  --rounds N        of both operations (5)
  --seconds N       of each (5)
  --connections N   of the load (256)
  --json FILE       write the rows
  --no-record       do not append the result to bench/results/payloads.jsonl
`;

const FRONT_ADDED_MAX_MICROS = 5;
const SIZE_MAX_BYTES = 1_000_000;
const RATE_MAX = 100_000;
const command: BenchCommand = new BenchCommand('bench:payloads');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    sizes: { type: 'string', default: '600,8000,100000' },
    rates: { type: 'string', default: '6000,3000,300' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '256' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: PayloadsOptions = {
    sizes: readList('--sizes', values.sizes, SIZE_MAX_BYTES),
    ratesPerSecond: readList('--rates', values.rates, RATE_MAX),
    rounds: wholeNumber('--rounds', values.rounds, 1, 100),
    seconds: wholeNumber('--seconds', values.seconds, 1, 600),
    connections: wholeNumber('--connections', values.connections, 1, 10_000),
  };
  if (options.sizes.length !== options.ratesPerSecond.length) {
    throw new UsageError('--rates takes one rate for each of --sizes.');
  }
  return { options, json: values.json, record: values.record };
}

function readList(name: string, text: string, most: number): number[] {
  const numbers = text.split(',').map(Number);
  if (numbers.every(each => Number.isInteger(each) && each > 0 && each <= most)) return numbers;
  throw new UsageError(`${name} takes whole numbers up to ${most}, with commas between.`);
}

const { options, json, record } = command.read(USAGE, readArguments);
const { rows, ...about } = await measureOnce(command, options, runPayloads);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
for (const { bytes, plain, converted, frontAddedMicros, frontAddedMedianMicros } of rows) {
  const spread = [Math.min(...frontAddedMicros), Math.max(...frontAddedMicros)];
  const [least, most] = spread.map(micros => micros.toFixed(1));
  console.log(
    `${bytes} bytes: front ${plain.frontMicros.toFixed(1)} to ` +
      `${converted.frontMicros.toFixed(1)} µs a call, +${frontAddedMedianMicros.toFixed(1)} ` +
      `(${least} to ${most}); workers ${converted.workerMicros.toFixed(1)} µs; ` +
      `${Math.round(plain.requestsPerSecond)} and ` +
      `${Math.round(converted.requestsPerSecond)} calls a second`,
  );
}
const isGood = rows.every(row => row.frontAddedMedianMicros <= FRONT_ADDED_MAX_MICROS);
recordResult({ ...about, rows }, { isGood, isWanted: record });
