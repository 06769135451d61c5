/** From rounds to figures: the median, and beside it how far the rounds lie apart. */
import { type Spread, spreadOf } from '../compare/spread.ts';
import type { CaseRound } from './bench-case.ts';

/** One entry of the JSON that `--json` writes. */
export interface CaseResult {
  readonly name: string;
  /** Medians of the rounds. */
  readonly opsPerSecond: number;
  readonly cpuMicrosPerOp: number;
  readonly opsPerSecondMin: number;
  readonly opsPerSecondMax: number;
  readonly cpuMicrosPerOpMin: number;
  readonly cpuMicrosPerOpMax: number;
  readonly rounds: number;
  /** Samples of all rounds together. */
  readonly samples: number;
  readonly operationsPerSample: number;
  readonly resultHash: string;
}

export function summarise(rounds: readonly CaseRound[]): CaseResult {
  const ops = spreadOf(rounds.map(({ opsPerSecond }) => opsPerSecond))!;
  const cpu = spreadOf(rounds.map(({ cpuMicrosPerOp }) => cpuMicrosPerOp))!;
  const [first] = rounds;
  return {
    name: first!.name,
    opsPerSecond: ops.median,
    cpuMicrosPerOp: cpu.median,
    opsPerSecondMin: ops.min,
    opsPerSecondMax: ops.max,
    cpuMicrosPerOpMin: cpu.min,
    cpuMicrosPerOpMax: cpu.max,
    rounds: rounds.length,
    samples: rounds.reduce((sum, { samples }) => sum + samples, 0),
    operationsPerSample: first!.operationsPerSample,
    resultHash: first!.resultHash,
  };
}

/** Two cases that do the same work in two ways. */
export const PAIRS: readonly (readonly [one: string, other: string])[] = [
  ['verify-rsa2048-single', 'verify-rsa2048-batched'],
  ['verify-rsa2048-inline', 'verify-rsa2048-batched'],
  ['verify-hmac-batched', 'verify-hmac-inline'],
];

export interface Comparison {
  readonly name: string;
  readonly metric: 'CPU µs/op' | 'ops/s';
  /** Of each round by itself, because a busy minute falls on both cases alike. */
  readonly ratio: Pick<Spread, 'median' | 'min' | 'max'>;
  /** Whether every round says the same about which is larger. */
  readonly beyondNoise: boolean;
}

/** The ratios of one case to another, round by round. */
export function compareRounds(
  one: readonly CaseRound[],
  other: readonly CaseRound[],
): Comparison[] {
  const name = `${one[0]!.name} / ${other[0]!.name}`;
  const ratios = (value: (round: CaseRound) => number) =>
    spreadOf(one.map((round, index) => value(round) / value(other[index]!)))!;
  return [
    comparison(
      name,
      'CPU µs/op',
      ratios(round => round.cpuMicrosPerOp),
    ),
    comparison(
      name,
      'ops/s',
      ratios(round => round.opsPerSecond),
    ),
  ];
}

/** An earlier run beside this one: beyond the noise where the ranges of rounds do not meet. */
export function compareRuns(
  now: readonly CaseResult[],
  earlier: readonly CaseResult[],
): Comparison[] {
  return now.flatMap(result => {
    const before = earlier.find(({ name }) => name === result.name);
    if (before === undefined) return [];
    const ratio = {
      median: result.cpuMicrosPerOp / before.cpuMicrosPerOp,
      min: result.cpuMicrosPerOpMin / before.cpuMicrosPerOpMax,
      max: result.cpuMicrosPerOpMax / before.cpuMicrosPerOpMin,
    };
    return [comparison(result.name, 'CPU µs/op', ratio)];
  });
}

function comparison(
  name: string,
  metric: Comparison['metric'],
  ratio: Comparison['ratio'],
): Comparison {
  return { name, metric, ratio, beyondNoise: ratio.min > 1 || ratio.max < 1 };
}
