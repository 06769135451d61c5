/** Every case once a round, each time in a gateway of its own, each round in another order. */
import { availableParallelism } from 'node:os';
import { shuffledRounds } from '../compare/order.ts';
import { spreadOf } from '../compare/spread.ts';
import { FORWARDER_CORE, LOAD_CORE } from '../compare/window-usage.ts';
import type { LoadResult } from '../load/load-result.ts';
import { runLoad } from '../load/run-load.ts';
import { UsageError } from '../rig/command-line.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { loadOf, SESSION_CASES, SESSION_RATIOS, type SessionCase } from './session-cases.ts';
import type {
  SessionCaseSummary,
  SessionRatioSummary,
  SessionRound,
  SessionsOptions,
  SessionsResult,
  VoidSessionRound,
} from './sessions-result.ts';

export interface SessionsExtras {
  readonly signal: AbortSignal;
  /** Told about each round of each case. */
  readonly tell: (line: string) => void;
}

const CORES_NEEDED = 2;
const NAME_COLUMNS = 18;

/** @throws UsageError for a name of no case; Error on a machine with one core */
export async function compareSessions(
  options: SessionsOptions,
  extras: SessionsExtras,
): Promise<SessionsResult> {
  const cases = selectCases(options.only);
  if (availableParallelism() < CORES_NEEDED) {
    throw new Error('Two cores are needed: one for the gateway, one for the load.');
  }
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const commit = checkoutCommit();
  const found = new Map(cases.map(({ name }) => [name, emptyCase()]));
  for (const [index, order] of shuffledRounds(cases, options.rounds, options.seed).entries()) {
    for (const sessionCase of order) {
      await runCase(sessionCase, index + 1, found.get(sessionCase.name)!, options, extras);
    }
  }
  const summaries = cases.map(({ name }) => summarise(name, found.get(name)!));
  return {
    name: 'sessions',
    ...{ ...options, startedAt, cases: summaries, ratios: ratiosOf(summaries) },
    ...{ environment, commit },
  };
}

function selectCases(only: readonly string[]): SessionCase[] {
  const names = SESSION_CASES.map(({ name }) => name);
  const unknown = only.filter(name => !names.includes(name));
  if (unknown.length > 0) {
    throw new UsageError(`no case named ${unknown.join(', ')}; there are ${names.join(', ')}`);
  }
  return SESSION_CASES.filter(({ name }) => only.length === 0 || only.includes(name));
}

interface CaseRounds {
  readonly rounds: SessionRound[];
  readonly voidRounds: VoidSessionRound[];
}

function emptyCase(): CaseRounds {
  return { rounds: [], voidRounds: [] };
}

/** A round that fails is void, said and kept in the result; the others go on. */
async function runCase(
  sessionCase: SessionCase,
  round: number,
  found: CaseRounds,
  options: SessionsOptions,
  { signal, tell }: SessionsExtras,
): Promise<void> {
  const place = `round ${round}/${options.rounds}  ${sessionCase.name.padEnd(NAME_COLUMNS)}`;
  try {
    const load = loadOf(sessionCase, { ...options, seed: options.seed + round - 1 });
    const cores = { gateway: String(FORWARDER_CORE), load: String(LOAD_CORE) };
    const { result } = await runLoad(load, { signal, cores });
    const figures = roundOf(result, round);
    found.rounds.push(figures);
    tell(`${place} ${roundText(figures)}`);
  } catch (error) {
    signal.throwIfAborted();
    const reason = (error as Error).message;
    found.voidRounds.push({ round, reason });
    tell(`${place} VOID: ${reason}`);
  }
}

/**
 * Whether the generator was late is no matter: this is about what a call costs, not when it comes.
 * @throws Error where the round does not count
 */
function roundOf(result: LoadResult, round: number): SessionRound {
  const { generator, cpuMicrosPerRequest, hiccup } = result;
  const errors = Object.entries(result.errors).map(([kind, count]) => `${count} ${kind}`);
  if (errors.length > 0) throw new Error(`errors: ${errors.join(', ')}`);
  if (result.achievedRate === 0) throw new Error('no call was answered');
  return {
    round,
    requestsPerSecond: result.achievedRate,
    cpuMicrosPerRequest: cpuMicrosPerRequest.process!,
    cpuByThread: cpuMicrosPerRequest,
    upstreamCpuMicrosPerRequest: result.upstreamCpuMicrosPerRequest,
    generatorCpuMicrosPerRequest: generator.cpuMicrosPerRequest,
    coreShare: (cpuMicrosPerRequest.process! * result.achievedRate) / 1_000_000,
    generatorShare: generator.cpuShareMax,
    othersShare: result.othersShare ?? 0,
    gatewaySideHiccup: hiccup.gatewaySide,
    generatorHiccup: hiccup.generator,
  };
}

function roundText({ requestsPerSecond, cpuMicrosPerRequest, coreShare }: SessionRound): string {
  const rate = `${Math.round(requestsPerSecond)}/s`.padStart(8);
  const share = Math.round(coreShare * 100);
  return `${rate}  ${cpuMicrosPerRequest.toFixed(1)} µs CPU  ${share} % of the core`;
}

function summarise(name: string, { rounds, voidRounds }: CaseRounds): SessionCaseSummary {
  const cpu = spreadOf(rounds.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest));
  const rate = spreadOf(rounds.map(({ requestsPerSecond }) => requestsPerSecond));
  const medians =
    cpu === undefined || rate === undefined
      ? {}
      : { cpuMicrosPerRequest: cpu.median, requestsPerSecond: rate.median };
  return { name, ...medians, rounds, voidRounds };
}

/** Those for which both cases have a round in common. */
function ratiosOf(cases: readonly SessionCaseSummary[]): SessionRatioSummary[] {
  const roundsOf = (name: string) => cases.find(found => found.name === name)?.rounds ?? [];
  return SESSION_RATIOS.flatMap(({ of, to }) => {
    const pairs = roundsOf(of).flatMap(one => {
      const other = roundsOf(to).find(({ round }) => round === one.round);
      return other === undefined ? [] : [{ one, other }];
    });
    const ratio = spreadOf(
      pairs.map(({ one, other }) => one.cpuMicrosPerRequest / other.cpuMicrosPerRequest),
    );
    if (ratio === undefined) return [];
    const share = (rounds: readonly SessionRound[]) =>
      spreadOf(rounds.map(({ coreShare }) => coreShare))!.median;
    const coreShares = [
      share(pairs.map(({ one }) => one)),
      share(pairs.map(({ other }) => other)),
    ] as const;
    return [{ name: `${of} / ${to}`, ...ratio, coreShares }];
  });
}
