/** The whole comparison: every case once per round, each round in another order. */
import { availableParallelism } from 'node:os';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { MissingProgramError } from '../rig/programs.ts';
import { allCases, type CompareCase, ROOT, suffixesOf } from './cases.ts';
import { Checkout, refuseOtherFolder } from './checkout.ts';
import {
  type CaseSummary,
  type CompareResult,
  METRICS,
  type Metric,
  type RoundFigures,
  type VoidRound,
} from './compare-result.ts';
import { measureCase } from './measure-case.ts';
import { shuffledRounds } from './order.ts';
import { oneLine } from './print.ts';
import { ratiosOf } from './ratios.ts';
import { validForMs } from './run-time.ts';
import { presentCases, selectCases } from './select-cases.ts';
import { type Spread, spreadOf } from './spread.ts';
import { openStage, type Stage, type StageOptions } from './stage.ts';

export interface CompareOptions extends StageOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Names of the cases to run; all where empty. */
  readonly only: readonly string[];
  /** Other checkouts whose gateway runs beside this one's. */
  readonly gatewayDirectories: readonly string[];
  readonly tell: (line: string) => void;
}

const CORES_NEEDED = 2;

/** Runs the comparison; a missing program takes its cases away and is named in the result. */
export async function compare(options: CompareOptions): Promise<CompareResult> {
  const { rounds, seed, tell, gatewayDirectories, seconds, warmUpSeconds } = options;
  if (availableParallelism() < CORES_NEEDED) {
    throw new Error('A comparison needs two cores: one for the forwarder, one for the load.');
  }
  for (const directory of gatewayDirectories) refuseOtherFolder(directory);
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const commit = checkoutCommit();
  const wanted = selectCases(allCases(gatewayDirectories), options.only);
  const { cases, missing } = presentCases(wanted);
  for (const program of missing) tell(new MissingProgramError(program).message);
  const checkouts = [ROOT, ...gatewayDirectories].map(root => new Checkout(root));
  const summaries = cases.length === 0 ? [] : await runRounds(cases, options);
  const suffixes = ['', ...suffixesOf(gatewayDirectories)];
  return {
    name: 'compare',
    startedAt,
    rounds,
    seconds,
    warmUpSeconds,
    signedRequests: options.signedRequests,
    seed,
    cases: summaries,
    ratios: ratiosOf(summaries, suffixes),
    missing,
    gateways: checkouts.map((checkout, index) => checkout.measuredAs(suffixes[index]!)),
    environment,
    commit,
  };
}

interface CaseRounds {
  readonly rounds: RoundFigures[];
  readonly voidRounds: VoidRound[];
}

async function runRounds(
  cases: readonly CompareCase[],
  options: CompareOptions,
): Promise<CaseSummary[]> {
  const { signal, rounds, seed } = options;
  const kinds = new Set(cases.map(({ traffic }) => traffic));
  const found = new Map(cases.map(({ name }) => [name, emptyRounds()]));
  const preparation = { kinds, validForMs: validForMs(options, cases.length) };
  await using stage = await openStage(preparation, options);
  for (const [index, order] of shuffledRounds(cases, rounds, seed).entries()) {
    for (const benchCase of order) {
      signal.throwIfAborted();
      await runCase(benchCase, index + 1, found.get(benchCase.name)!, options, stage);
    }
  }
  return cases.map(({ name }) => summarise(name, found.get(name)!));
}

function emptyRounds(): CaseRounds {
  return { rounds: [], voidRounds: [] };
}

/** A round that fails is void, said and kept in the result; the others go on. */
async function runCase(
  benchCase: CompareCase,
  round: number,
  found: CaseRounds,
  { signal, rounds, tell }: CompareOptions,
  stage: Stage,
): Promise<void> {
  const place = `round ${round}/${rounds}  ${benchCase.name.padEnd(20)}`;
  try {
    const figures = await measureCase(benchCase, round, stage);
    found.rounds.push(figures);
    tell(`${place} ${figuresText(figures)}`);
  } catch (error) {
    signal.throwIfAborted();
    const reason = (error as Error).message;
    found.voidRounds.push({ round, reason });
    tell(`${place} VOID: ${oneLine(reason)}`);
  }
}

function figuresText({ requestsPerSecond, cpuMicrosPerRequest, p99Ms }: RoundFigures): string {
  const rate = `${Math.round(requestsPerSecond)}/s`.padStart(9);
  return `${rate}  ${cpuMicrosPerRequest.toFixed(1)} µs CPU  p99 ${p99Ms.toFixed(1)} ms`;
}

function summarise(name: string, { rounds, voidRounds }: CaseRounds): CaseSummary {
  const spread: Partial<Record<Metric, Spread>> = {};
  const medians: Partial<Record<Metric, number>> = {};
  for (const metric of METRICS) {
    const found = spreadOf(rounds.map(figures => figures[metric]));
    if (found === undefined) continue;
    spread[metric] = found;
    medians[metric] = found.median;
  }
  return { name, ...medians, spread, rounds, voidRounds };
}
