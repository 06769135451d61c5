/**
 * Signed POSTs with an Idempotency-Key of their own each, beside the same without: how many a
 * second are on the disk before they are sent on and again before they are answered, and how late.
 *
 *     npm run bench:idempotency -- [options]        (see USAGE)
 *
 * Exit status 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import type { IdempotencyBenchOptions } from './idempotency-result.ts';
import { idempotencyText } from './idempotency-text.ts';
import { runIdempotency } from './run-idempotency.ts';

const USAGE = `usage: npm run bench:idempotency -- [options]

  --connections N   of the callers (1000)
  --rate N          calls due a second (5500)
  --seconds N       measured in each of the four runs (15)
  --warm-up N       seconds before them (4)
  --fronts N        front threads (1)
  --seed N          of the arrivals (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/idempotency.jsonl
`;

const command: BenchCommand = new BenchCommand('bench:idempotency');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    connections: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '5500' },
    seconds: { type: 'string', default: '15' },
    'warm-up': { type: 'string', default: '4' },
    fronts: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: IdempotencyBenchOptions = {
    connections: wholeNumber('--connections', values.connections, 1, 19_000),
    rate: wholeNumber('--rate', values.rate, 1, 100_000),
    seconds: wholeNumber('--seconds', values.seconds, 1, 600),
    warmUpSeconds: wholeNumber('--warm-up', values['warm-up'], 0, 600),
    fronts: wholeNumber('--fronts', values.fronts, 1, 16),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  return { options, json: values.json, record: values.record };
}

const { options, json, record } = command.read(USAGE, readArguments);
const result = await measureOnce(command, options, runIdempotency);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(idempotencyText(result));
recordResult(result, { isGood: true, isWanted: record });
