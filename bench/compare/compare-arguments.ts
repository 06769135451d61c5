/** The command line of bench:compare. */
import { resolve } from 'node:path';
import { parseOptions, UsageError, wholeNumber } from '../rig/command-line.ts';
import type { CompareOptions } from './compare.ts';

export const USAGE = `usage: npm run bench:compare -- [options]

  --rounds N            how often each case runs (5)
  --seconds N           of each measured window (5)
  --warm-up N           seconds before it, with requests of its own (6)
  --only NAME,...       some of the cases
  --gateway-dir DIR     also the gateway of another checkout, as NAME@DIR; may be repeated
  --signed-requests N   signed ahead for each gateway (16,000 for each second)
  --seed N              of the order of the cases (1)
  --json FILE           write the result
  --no-record           do not append the result to bench/results/compare.jsonl
`;

/** What the command line says; the rest of CompareOptions is the command's own. */
export interface CompareArguments extends Omit<CompareOptions, 'signal' | 'tell'> {
  readonly json: string | undefined;
  /** Whether a complete run is appended to the record. */
  readonly record: boolean;
}

export const COMPARE_DEFAULTS = { rounds: 5, seconds: 5, warmUpSeconds: 6, seed: 1 } as const;

/** As much as one core does, or more; where it does more, a window ends when they are used up. */
const SIGNED_PER_SECOND = 16_000;
const ROUNDS_MAX = 100;
const SECONDS_MAX = 60;
const SIGNED_MIN = 100;
const SIGNED_MAX = 1_000_000;
const SEED_MAX = 2 ** 31 - 1;

/** @throws UsageError in one sentence that says what is accepted */
export function readCompareArguments(args: readonly string[]): CompareArguments {
  const values = parseOptions(args, {
    rounds: { type: 'string', default: String(COMPARE_DEFAULTS.rounds) },
    seconds: { type: 'string', default: String(COMPARE_DEFAULTS.seconds) },
    'warm-up': { type: 'string', default: String(COMPARE_DEFAULTS.warmUpSeconds) },
    only: { type: 'string', default: '' },
    'gateway-dir': { type: 'string', multiple: true, default: [] },
    'signed-requests': { type: 'string' },
    seed: { type: 'string', default: String(COMPARE_DEFAULTS.seed) },
    json: { type: 'string' },
    record: { type: 'boolean', default: true },
  });
  const seconds = duration('--seconds', values.seconds);
  const warmUpSeconds = duration('--warm-up', values['warm-up']);
  const signed = values['signed-requests'] ?? String(signedRequestsFor(seconds, warmUpSeconds));
  return {
    rounds: wholeNumber('--rounds', values.rounds, 1, ROUNDS_MAX),
    seconds,
    warmUpSeconds,
    only: values.only.split(',').filter(Boolean),
    gatewayDirectories: values['gateway-dir'].map(directory => resolve(directory)),
    signedRequests: wholeNumber('--signed-requests', signed, SIGNED_MIN, SIGNED_MAX),
    seed: wholeNumber('--seed', values.seed, 0, SEED_MAX),
    json: values.json,
    record: values.record,
  };
}

/** As many as a window and its warm-up can use up. */
export function signedRequestsFor(seconds: number, warmUpSeconds: number): number {
  return Math.min(Math.ceil((seconds + warmUpSeconds) * SIGNED_PER_SECOND), SIGNED_MAX);
}

/** Seconds, in tenths too: the tests of this command take less than one. */
function duration(name: string, text: string): number {
  const seconds = /^\d+(\.\d)?$/.test(text) ? Number(text) : 0;
  if (seconds > 0 && seconds <= SECONDS_MAX) return seconds;
  throw new UsageError(`${name} takes seconds from 0.1 to ${SECONDS_MAX}.`);
}
