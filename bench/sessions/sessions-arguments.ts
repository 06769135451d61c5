/** The command line of bench:sessions. */
import { parseOptions, wholeNumber } from '../rig/command-line.ts';
import { CONNECTIONS } from './session-cases.ts';
import type { SessionsOptions } from './sessions-result.ts';

export const USAGE = `usage: npm run bench:sessions -- [options]

  --rounds N        how often each case runs (3)
  --seconds N       of each measured window (4)
  --warm-up N       seconds before it (4)
  --connections N   of each case, one call in flight on each (${CONNECTIONS})
  --rate N          calls a second of every case (more than one core carries)
  --only NAME,...   some of the cases
  --pipelined       as of bench:load
  --seed N          of the order of the cases and of the arrivals (1)
  --json FILE       write the result
  --no-record       do not append the result to bench/results/sessions.jsonl
`;

export const SESSIONS_DEFAULTS = { rounds: 3, seconds: 4, warmUpSeconds: 4, seed: 1 } as const;

export interface SessionsArguments {
  readonly options: SessionsOptions;
  readonly json: string | undefined;
  /** Whether a complete run is appended to the record. */
  readonly record: boolean;
}

/** @throws UsageError */
export function readSessionsArguments(args: readonly string[]): SessionsArguments {
  const values = parseOptions(args, {
    rounds: { type: 'string', default: String(SESSIONS_DEFAULTS.rounds) },
    seconds: { type: 'string', default: String(SESSIONS_DEFAULTS.seconds) },
    'warm-up': { type: 'string', default: String(SESSIONS_DEFAULTS.warmUpSeconds) },
    connections: { type: 'string', default: String(CONNECTIONS) },
    rate: { type: 'string' },
    only: { type: 'string', default: '' },
    pipelined: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(SESSIONS_DEFAULTS.seed) },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const { rate, only, pipelined, json, record } = values;
  const options: SessionsOptions = {
    rounds: wholeNumber('--rounds', values.rounds, 1, 100),
    seconds: wholeNumber('--seconds', values.seconds, 1, 60),
    warmUpSeconds: wholeNumber('--warm-up', values['warm-up'], 0, 60),
    connections: wholeNumber('--connections', values.connections, 1, 10_000),
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 31 - 1),
    pipelined,
    rate: rate === undefined ? undefined : wholeNumber('--rate', rate, 1, 1_000_000),
    only: only.split(',').filter(Boolean),
  };
  return { options, json, record };
}
