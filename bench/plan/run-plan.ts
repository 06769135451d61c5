/**
 * Predicts each point as a user would, measures it, and sets one against the other. The p99 is that
 * of a second, of the median one: a stall of the machine, which no model of queues tells, is in a
 * few seconds, and would else be the figure of its whole round.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runLoad } from '../load/run-load.ts';
import { checkoutCommit, type Environment, readEnvironment } from '../rig/environment.ts';
import { PLAN_POINTS, type PlanPoint, pointName } from './plan-points.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface PlanBenchOptions {
  readonly rounds: number;
  readonly durationSeconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
}

export interface PlanFigures {
  /** Of a second. */
  readonly p99Ms: number;
  /** Of the busiest kind of thread. */
  readonly utilization: number;
}

export interface PlanPointResult extends PlanPoint {
  readonly predicted: PlanFigures;
  /** The p99 of the median second of all rounds; utilisation, the median round's. */
  readonly measured: PlanFigures;
  /** `p99Ms` over the round's median second, `wholeP99Ms` over all of its calls. */
  readonly rounds: readonly (PlanFigures & Pick<Measured, 'wholeP99Ms' | 'othersShare'>)[];
  /** CPU per call of callers and upstream, which the plan was told. */
  readonly besideMicros: number;
  readonly frontMicros: number;
  readonly workerMicros: number;
  readonly failed: number;
}

export interface PlanBenchResult extends PlanBenchOptions {
  readonly name: 'plan';
  readonly startedAt: string;
  readonly points: readonly PlanPointResult[];
  readonly environment: Environment;
  readonly commit: string;
}

export interface PlanBenchExtras {
  readonly signal?: AbortSignal;
  readonly progress?: (text: string) => void;
}

/** Rounds one after the other over all points, so that a slow minute hits every point alike. */
export async function runPlan(
  options: PlanBenchOptions,
  { signal, progress = () => undefined }: PlanBenchExtras = {},
): Promise<PlanBenchResult> {
  const startedAt = new Date().toISOString();
  const seen = PLAN_POINTS.map(() => [] as Measured[]);
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const [i, point] of PLAN_POINTS.entries()) {
      progress(`round ${round} of ${options.rounds}: ${pointName(point)}`);
      seen[i]!.push(await measure(point, options, signal));
    }
  }
  const points: PlanPointResult[] = [];
  for (const [i, point] of PLAN_POINTS.entries()) points.push(await judge(point, seen[i]!));
  const environment = readEnvironment();
  return { name: 'plan', startedAt, ...options, points, environment, commit: checkoutCommit() };
}

interface Measured extends PlanFigures {
  readonly p99BySecondMs: readonly number[];
  readonly wholeP99Ms: number;
  readonly othersShare: number;
  readonly besideMicros: number;
  readonly frontMicros: number;
  readonly workerMicros: number;
  readonly failed: number;
}

async function measure(
  point: PlanPoint,
  { durationSeconds, warmUpSeconds, connections }: PlanBenchOptions,
  signal: AbortSignal | undefined,
): Promise<Measured> {
  const { rate, fronts, workers, scheme } = point;
  const { result } = await runLoad(
    {
      ...{ rate, fronts, workers, scheme, durationSeconds, warmUpSeconds, connections },
      ...{ method: 'POST', bodyBytes: 600, seed: 1, generators: 1 },
    },
    signal === undefined ? {} : { signal },
  );
  const { cpuMicrosPerRequest: cpu, upstreamCpuMicrosPerRequest: upstream, generator } = result;
  const frontMicros = Object.entries(cpu)
    .filter(([name]) => /^front-\d+$/.test(name))
    .reduce((sum, [, micros]) => sum + micros, 0);
  const workerMicros = cpu.workers ?? 0;
  const seconds = result.achievedRate / 1e6;
  const p99BySecondMs = result.timeline.p99!;
  return {
    ...{ p99Ms: median(p99BySecondMs), p99BySecondMs, wholeP99Ms: result.p99 },
    utilization: Math.max(frontMicros / fronts, workerMicros / (fronts * workers)) * seconds,
    othersShare: result.othersShare ?? 0,
    besideMicros: upstream + generator.cpuMicrosPerRequest,
    ...{ frontMicros, workerMicros, failed: result.requests - result.answered },
  };
}

async function judge(point: PlanPoint, seen: readonly Measured[]): Promise<PlanPointResult> {
  const besideMicros = median(seen.map(each => each.besideMicros));
  return {
    ...point,
    predicted: await predict(point, besideMicros),
    measured: {
      p99Ms: median(seen.flatMap(each => each.p99BySecondMs)),
      utilization: median(seen.map(each => each.utilization)),
    },
    rounds: seen.map(({ p99Ms, wholeP99Ms, utilization, othersShare }) => ({
      ...{ p99Ms, wholeP99Ms, utilization, othersShare },
    })),
    besideMicros,
    frontMicros: median(seen.map(each => each.frontMicros)),
    workerMicros: median(seen.map(each => each.workerMicros)),
    failed: seen.reduce((sum, each) => sum + each.failed, 0),
  };
}

async function predict(
  { rate, fronts, workers, mix }: PlanPoint,
  besideMicros: number,
): Promise<PlanFigures> {
  const args = ['--rate', rate, '--fronts', fronts, '--workers', workers, '--mix', mix];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[MAIN, 'plan', ...args.map(String), '--beside', besideMicros.toFixed(1), '--json'],
  ]);
  const { p99Ms, utilization } = JSON.parse(stdout) as PlanFigures;
  return { p99Ms, utilization };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
