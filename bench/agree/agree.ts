/**
 * Whether two instruments agree. At saturation an open loop has no choice left: every connection is
 * always busy, as in a closed one. So bench:load, asked for more than the gateway carries, must see
 * the throughput that wrk sees on as many connections: same gateway, same requests, same cores.
 */
import { compare } from '../compare/compare.ts';
import { ORDER_BODY_BYTES } from '../compare/signed-records.ts';
import { type Spread, spreadOf } from '../compare/spread.ts';
import { FORWARDER_CORE, LOAD_CORE } from '../compare/window-usage.ts';
import { runLoad } from '../load/run-load.ts';
import { checkoutCommit, type Environment, readEnvironment } from '../rig/environment.ts';

/** As bench:compare has in its signed cases. */
const CONNECTIONS = 128;
const CASE = 'ours-signed';

export interface AgreeOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Of the open loop: more than one core carries. */
  readonly rate: number;
  readonly signedRequests: number;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

export interface AgreeRound {
  readonly wrkRequestsPerSecond: number;
  readonly loadRequestsPerSecond: number;
  /** bench:load's by wrk's. */
  readonly ratio: number;
}

export interface AgreeResult {
  readonly name: 'agree';
  readonly startedAt: string;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly rate: number;
  readonly rounds: readonly AgreeRound[];
  readonly ratio: Spread;
  readonly environment: Environment;
  readonly commit: string;
}

/** @throws Error where a run has errors, or where the open loop was not saturated */
export async function agree(options: AgreeOptions): Promise<AgreeResult> {
  const startedAt = new Date().toISOString();
  const { seconds, warmUpSeconds, rate } = options;
  const environment = readEnvironment();
  const commit = checkoutCommit();
  const rounds: AgreeRound[] = [];
  for (let round = 0; round < options.rounds; round++) {
    const wrkRequestsPerSecond = await byWrk(options);
    const loadRequestsPerSecond = await byLoad(options, round + 1);
    const ratio = loadRequestsPerSecond / wrkRequestsPerSecond;
    rounds.push({ wrkRequestsPerSecond, loadRequestsPerSecond, ratio });
    options.tell(`round ${round + 1} of ${options.rounds}: ${ratio.toFixed(3)}`);
  }
  const ratio = spreadOf(rounds.map(each => each.ratio))!;
  const run = { seconds, warmUpSeconds, rate, rounds, ratio };
  return { name: 'agree', startedAt, ...run, environment, commit };
}

async function byWrk(options: AgreeOptions): Promise<number> {
  const { cases } = await compare({
    ...options,
    rounds: 1,
    seed: 1,
    only: [CASE],
    gatewayDirectories: [],
  });
  const [figures] = cases[0]?.rounds ?? [];
  if (figures === undefined) throw new Error('wrk had errors, or is missing.');
  return figures.requestsPerSecond;
}

async function byLoad(options: AgreeOptions, seed: number): Promise<number> {
  const { result } = await runLoad(
    {
      connections: CONNECTIONS,
      rate: options.rate,
      durationSeconds: options.seconds,
      warmUpSeconds: options.warmUpSeconds,
      scheme: 'rfc9421-rsa',
      method: 'POST',
      bodyBytes: ORDER_BODY_BYTES,
      seed,
      generators: 1,
      fronts: 1,
      workers: 1,
    },
    {
      signal: options.signal,
      cores: { gateway: String(FORWARDER_CORE), load: String(LOAD_CORE) },
    },
  );
  const errors = Object.entries(result.errors);
  if (errors.length > 0) throw new Error(`bench:load had errors: ${JSON.stringify(result.errors)}`);
  if (result.noIdleConnection < result.answered / 2) {
    throw new Error(`${options.rate} requests a second do not saturate the gateway: raise --rate.`);
  }
  const { limited } = result.generator;
  if (limited.length > 0) throw new Error(`the generator was the limit: ${limited.join(' ')}`);
  return result.achievedRate;
}
