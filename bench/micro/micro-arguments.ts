/** The command line of bench:micro. */
import { oneOf, parseOptions, wholeNumber } from '../rig/command-line.ts';
import { caseNames } from './run-rounds.ts';

export interface MicroArguments {
  readonly names: readonly string[];
  readonly rounds: number;
  /** Of each case in each round. */
  readonly durationMs: number;
  readonly json: string | undefined;
  /** The JSON of an earlier run. */
  readonly against: string | undefined;
  /** Whether the result goes into bench/results: only where it is whole. */
  readonly record: boolean;
}

export const USAGE = `usage: npm run bench:micro -- [options]

  --only NAME       one case
  --rounds N        runs of each case, each in a process of its own (5)
  --quick           for tests: one short round
  --against FILE    compare with the JSON of an earlier run
  --json FILE       write the result
  --no-record       do not append the result to bench/results/micro.jsonl
`;

const DURATION_MS = 1_000;
const QUICK_DURATION_MS = 200;

/** @throws UsageError */
export function readMicroArguments(args: readonly string[]): MicroArguments {
  const values = parseOptions(args, {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    against: { type: 'string' },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const { only, quick, json, against, record } = values;
  return {
    names: only === undefined ? caseNames() : [oneOf('--only', only, caseNames())],
    rounds: wholeNumber('--rounds', values.rounds ?? (quick ? '1' : '5'), 1, 100),
    durationMs: quick ? QUICK_DURATION_MS : DURATION_MS,
    json,
    against,
    record: record && !quick && only === undefined,
  };
}
