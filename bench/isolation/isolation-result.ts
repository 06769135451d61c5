import type { Environment } from '../rig/environment.ts';

/**
 * What a neighbour does:
 * - `dear-checks`: well signed calls, whose checks cost most of what is offered here
 * - `sm2-checks`: the same with SM2, whose checks cost ten times as much
 * - `bad-signatures`: calls whose signatures do not fit
 * - `large-bodies`: signed calls with bodies of 1 MB
 * - `hanging-upstream`: signed calls to an upstream that never answers
 * - `slow-readers`: connections that ask for 4 MB and do not read them
 */
export const NEIGHBOURS = [
  'dear-checks',
  'sm2-checks',
  'bad-signatures',
  'large-bodies',
  'hanging-upstream',
  'slow-readers',
] as const;
export type Neighbour = (typeof NEIGHBOURS)[number];

export interface IsolationBenchOptions {
  readonly neighbours: readonly Neighbour[];
  /** Calls due a second, of the others. */
  readonly rate: number;
  readonly connections: number;
  /** Seconds without the neighbour, with it elsewhere, and with it at the gateway, in turns. */
  readonly windowSeconds: number;
  /** Turns for each neighbour. */
  readonly rounds: number;
  readonly seed: number;
}

export interface IsolationCase {
  readonly neighbour: Neighbour;
  /**
   * Of the others: the p99 of a second, of the median one of all windows without it. A stall of the
   * machine is in a few seconds and nobody's doing here.
   */
  readonly p99AloneMs: number;
  /** While it does the same to the upstream behind the gateway: what it costs the machine. */
  readonly p99ElsewhereMs: number;
  readonly p99BesideMs: number;
  /** p99 beside it to p99 with it elsewhere, of each turn. */
  readonly ratios: readonly number[];
  /** `p99BesideMs` to `p99ElsewhereMs`. */
  readonly ratio: number;
  /** The same of p99s over all calls of those windows, stalls included. Not in older results. */
  readonly wholeRatio?: number;
  /** Calls of the others that failed beside it. */
  readonly failed: number;
  /** What it got, by status or by how its connections ended. */
  readonly got: Readonly<Record<string, number>>;
}

export interface IsolationResult {
  readonly name: 'isolation';
  readonly startedAt: string;
  readonly commit: string;
  readonly environment: Environment;
  readonly options: IsolationBenchOptions;
  readonly requests: number;
  readonly cases: readonly IsolationCase[];
}

export function isolationText({ cases, options }: IsolationResult): string {
  return [
    `${options.rate} calls a second of others`,
    'p99 without a neighbour, with it elsewhere, with it at the gateway:',
    ...cases.map(caseText),
    '',
  ].join('\n');
}

function caseText(one: IsolationCase): string {
  const { neighbour, p99AloneMs, p99ElsewhereMs, p99BesideMs, ratio, ratios, failed } = one;
  const p99s = [p99AloneMs, p99ElsewhereMs, p99BesideMs].map(ms => `${ms.toFixed(2)} ms`);
  const got = Object.entries(one.got).map(([name, count]) => `${name} ${count}`);
  return [
    neighbour.padEnd(16),
    p99s.join(', '),
    `${ratio.toFixed(2)} times (${ratios.map(each => each.toFixed(2)).join(' ')})`,
    `${(one.wholeRatio ?? Number.NaN).toFixed(2)} over all calls`,
    `${failed} failed`,
    `it got ${got.join(', ') || 'nothing'}`,
  ].join('  ');
}
