/**
 * More calls than the gateway can serve: what it still serves, how long that takes, what becomes of
 * the rest.
 *
 *     npm run bench:overload -- [options]        (see USAGE)
 *
 * Exit status 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import type { OverloadBenchOptions } from './overload-result.ts';
import { overloadText } from './overload-text.ts';
import { runOverload } from './run-overload.ts';

const USAGE = `usage: npm run bench:overload -- [options]

  --connections N   of the callers (1500)
  --seconds N       measured at each rate (10)
  --warm-up N       seconds before them (3)
  --factors LIST    multiples of the capacity (1,1.5,2,3)
  --rate N          at which looking for the capacity begins (3000)
  --seed N          of the arrivals (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/overload.jsonl
`;

const command: BenchCommand = new BenchCommand('bench:overload');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    connections: { type: 'string', default: '1500' },
    seconds: { type: 'string', default: '10' },
    'warm-up': { type: 'string', default: '3' },
    factors: { type: 'string', default: '1,1.5,2,3' },
    rate: { type: 'string', default: '3000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: OverloadBenchOptions = {
    connections: wholeNumber('--connections', values.connections, 1, 19_000),
    seconds: wholeNumber('--seconds', values.seconds, 1, 600),
    warmUpSeconds: wholeNumber('--warm-up', values['warm-up'], 0, 600),
    factors: readFactors(values.factors),
    rateStart: wholeNumber('--rate', values.rate, 1, 100_000),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  return { options, json: values.json, record: values.record };
}

function readFactors(text: string): number[] {
  const factors = text.split(',').map(Number);
  if (factors.every(factor => factor > 0 && factor <= 20)) return factors;
  throw new UsageError('--factors takes numbers above 0 and up to 20, with commas between.');
}

const { options, json, record } = command.read(USAGE, readArguments);
const result = await measureOnce(command, options, runOverload);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
process.stdout.write(overloadText(result));
recordResult(result, { isGood: true, isWanted: record });
