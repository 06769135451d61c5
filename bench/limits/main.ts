/**
 * How near what is admitted comes to what is allowed: calls at multiples of a rate, over fronts
 * that count together in the memory of their host, and over hosts that do in Redis.
 *
 *     npm run bench:limits -- [options]        (see USAGE)
 *
 * Exit status 1: admitted differs from allowed by more than 1 %. 2: wrong usage. 130: Ctrl-C.
 */
import { writeFileSync } from 'node:fs';
import { BenchCommand } from '../rig/bench-command.ts';
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import { measureOnce, recordResult } from '../rig/measure-once.ts';
import type { LimitsOptions, LimitsSetup } from './limits-result.ts';
import { runLimits } from './run-limits.ts';

const USAGE = `usage: npm run bench:limits -- [options]

  --store NAME      host, redis or both (both)
  --fronts LIST     front threads of a gateway (2,4; over Redis 1)
  --processes N     gateways over one Redis (3)
  --loads LIST      multiples of the limit (0.5,1,2,5,10)
  --limit N         calls a second (400)
  --burst N         calls at once (50)
  --connections N   of the callers (200)
  --seconds N       measured for each (6)
  --seed N          of the arrivals (1)
  --json FILE       write the rows
  --no-record       do not append the result to bench/results/limits.jsonl
`;

const DIFFERENCE_MAX = 0.01;
const command: BenchCommand = new BenchCommand('bench:limits');

function readArguments(args: readonly string[]) {
  const values = parseOptions(args, {
    store: { type: 'string', default: 'both' },
    fronts: { type: 'string' },
    processes: { type: 'string', default: '3' },
    loads: { type: 'string', default: '0.5,1,2,5,10' },
    limit: { type: 'string', default: '400' },
    burst: { type: 'string', default: '50' },
    connections: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: LimitsOptions = {
    setups: readSetups(values.store, values.fronts, values.processes),
    loads: readList('--loads', values.loads, 100),
    perSecond: wholeNumber('--limit', values.limit, 1, 100_000),
    burst: wholeNumber('--burst', values.burst, 1, 100_000),
    connections: wholeNumber('--connections', values.connections, 1, 10_000),
    seconds: wholeNumber('--seconds', values.seconds, 1, 600),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  return { options, json: values.json, record: values.record };
}

function readSetups(store: string, fronts: string | undefined, processes: string): LimitsSetup[] {
  const perRedis = wholeNumber('--processes', processes, 1, 32);
  const over = (name: LimitsSetup['store'], list: string, count: number) =>
    readList('--fronts', list, 64).map(each => ({ store: name, fronts: each, processes: count }));
  switch (store) {
    case 'host':
      return over('host', fronts ?? '2,4', 1);
    case 'redis':
      return over('redis', fronts ?? '1', perRedis);
    case 'both':
      return [...over('host', fronts ?? '2,4', 1), ...over('redis', '1', perRedis)];
    default:
      throw new UsageError('--store takes host, redis or both.');
  }
}

function readList(name: string, text: string, most: number): number[] {
  const numbers = text.split(',').map(Number);
  if (numbers.every(number => number > 0 && number <= most)) return numbers;
  throw new UsageError(`${name} takes numbers above 0 and up to ${most}, with commas between.`);
}

const { options, json, record } = command.read(USAGE, readArguments);
const { rows, ...about } = await measureOnce(command, options, runLimits);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
for (const row of rows) {
  const { store, processes, fronts, load, offered, allowed, admitted, errors } = row;
  const [over, under] = [row.worstWindowOver, row.worstWindowUnder].map(percent);
  console.log(
    `${store}, ${processes} x ${fronts} fronts, ${load} times: ` +
      `${offered} offered, ${allowed} allowed, ` +
      `${admitted} admitted ` +
      `(${percent(admitted / allowed - 1)}; windows of 1 s: +${over} to -${under})` +
      `${Object.keys(errors).length === 0 ? '' : ` ${JSON.stringify(errors)}`}`,
  );
}
const isExact = rows.every(
  ({ allowed, admitted }) => Math.abs(admitted / allowed - 1) <= DIFFERENCE_MAX,
);
recordResult({ ...about, rows }, { isGood: isExact, isWanted: record });
