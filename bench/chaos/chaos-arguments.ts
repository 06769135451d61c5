/** The command line of bench:chaos. */
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import type { ChaosOptions } from './chaos-result.ts';

export const USAGE = `usage: npm run bench:chaos -- [options]

  --seconds N        of load (600)
  --fault-every N    seconds between the beginnings of two faults (15)
  --rate N           calls a second (300)
  --connections N    of the callers at most (64)
  --fronts N         front threads of the gateway (2)
  --seed N           of the arrivals and the order of the faults (1)
  --json FILE        write the result
  --report FILE      write an HTML page: goodput and latency over time, with the faults
  --no-record        do not append the result to bench/results/chaos.jsonl
`;

export interface ChaosArguments {
  readonly options: ChaosOptions;
  readonly json: string | undefined;
  readonly report: string | undefined;
  readonly record: boolean;
}

export const CHAOS_DEFAULTS: ChaosOptions = {
  ...{ seconds: 600, faultEverySeconds: 15, rate: 300, connections: 64, fronts: 2, seed: 1 },
};

/** @throws UsageError */
export function readChaosArguments(args: readonly string[]): ChaosArguments {
  const byDefault = CHAOS_DEFAULTS;
  const values = parseOptions(args, {
    seconds: { type: 'string', default: String(byDefault.seconds) },
    'fault-every': { type: 'string', default: String(byDefault.faultEverySeconds) },
    rate: { type: 'string', default: String(byDefault.rate) },
    connections: { type: 'string', default: String(byDefault.connections) },
    fronts: { type: 'string', default: String(byDefault.fronts) },
    seed: { type: 'string', default: String(byDefault.seed) },
    json: { type: 'string' },
    report: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const options: ChaosOptions = {
    seconds: wholeNumber('--seconds', values.seconds, 10, 86_400),
    faultEverySeconds: wholeNumber('--fault-every', values['fault-every'], 5, 3_600),
    rate: wholeNumber('--rate', values.rate, 1, 5_000),
    connections: wholeNumber('--connections', values.connections, 1, 4_096),
    fronts: wholeNumber('--fronts', values.fronts, 1, 64),
    seed: wholeNumber('--seed', values.seed, 0, 4_294_967_295),
  };
  if (options.seconds < 2 * options.faultEverySeconds) {
    throw new UsageError('--seconds must leave room for one fault: twice --fault-every at least.');
  }
  const { json, report, record } = values;
  return { options, json, report, record };
}
