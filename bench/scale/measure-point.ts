import { setTimeout as pause } from 'node:timers/promises';
import { arrivalsOfRun, countArrivals } from '../load/arrivals.ts';
import type { GeneratorOutcome, GeneratorSpec } from '../load/generator-messages.ts';
import { Generators } from '../load/generators.ts';
import { judgeGenerator } from '../load/judge-generator.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { ORDERS_PATH } from '../rig/gateway-files.ts';
import { createHistogram, percentilesMs, recordable } from '../rig/latency-histogram.ts';
import { openSignedSet } from '../rig/presigned/signed-set.ts';
import { residentBytes, threadCpuMicros } from '../rig/process-usage.ts';
import { UPSTREAM_BODY, Upstream } from '../rig/upstream.ts';
import { BASE, type PointOptions } from './sections.ts';

export interface PointTiming {
  /** Of the warm-up that is the same at every point. */
  readonly trainingMs: number;
  readonly trainingRate: number;
  /** At the point itself, before it is measured. */
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly seed: number;
}

/** What one run at one point found. */
export interface PointFigures {
  /** CPU of all threads of the gateway, and of its front threads, for each answered call. */
  readonly cpuMicrosPerRequest: number;
  readonly frontCpuMicrosPerRequest: number;
  /** From the intended send time to the last byte of the answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the gateway at the end of the run. */
  readonly rssMb: number;
  /** From the start of the gateway's process to its readiness. */
  readonly startMs: number;
  readonly requests: number;
  readonly answered: number;
  /** Requests that were not answered, whatever the reason, and connections lost. */
  readonly failed: number;
  /** Why the generator and not the gateway may have been the limit; empty where it was not. */
  readonly limited: readonly string[];
}

/** Signatures must be good until the last run of a long series. */
const VALID_FOR_MS = 1_200_000;
const FRONT_THREAD = /^front-\d+$/;
const TRAINING_CONNECTIONS = 64;
/** So that the generator's process is ready when the first request is due. */
const LEAD_MS = 100;

/**
 * One run in a gateway of its own: signed POSTs, Poisson arrivals that do not wait for answers, one
 * generator process. Before it the gateway serves calls of the base kind: a point with few calls
 * would otherwise be measured in code that is not compiled yet, with 100 calls a second at 1.6
 * times the CPU and 3.5 times the p99.
 * @throws Error where a connection cannot be opened or the gateway does not start
 */
export async function measurePoint(
  options: PointOptions,
  timing: PointTiming,
  signal: AbortSignal,
): Promise<PointFigures> {
  const { trainingMs, trainingRate, warmUpMs, measuredMs, seed } = timing;
  const training = await planRun(
    { ...BASE, rate: trainingRate, connections: TRAINING_CONNECTIONS },
    // The rate rises in the first half of a warm-up, so that no queue builds up in cold code.
    { warmUpMs: trainingMs / 2, measuredMs: trainingMs / 2, seed, first: 0 },
    signal,
  );
  // Behind those of the training, which may be of the same set: a nonce is good for one call.
  const timed = { warmUpMs, measuredMs, seed, first: training.count };
  const plan = await planRun(options, timed, signal);
  await using upstream = await Upstream.start();
  await using gateway = await BenchGateway.start({
    upstreamPort: upstream.port,
    ...options,
    keys: ['rsa'],
  });
  signal.throwIfAborted();
  await generate(gateway.port, training, () => pause(LEAD_MS + trainingMs, undefined, { signal }));
  const usage = new GatewayUsage(gateway.pid);
  const { outcome, watched } = await generate(gateway.port, plan, () =>
    usageDuring(usage, LEAD_MS + warmUpMs, measuredMs, signal),
  );
  return figuresOf(outcome, watched, residentBytes(gateway.pid), gateway.startMs);
}

/** What one generator is to send; the port comes when there is one. */
interface RunPlan {
  readonly spec: Omit<GeneratorSpec, 'port'>;
  readonly count: number;
}

interface RunTiming {
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly seed: number;
  /** Number of the first request in its set. */
  readonly first: number;
}

/** Signs what the run will send, where that is not there yet. */
async function planRun(
  options: PointOptions,
  timing: RunTiming,
  signal: AbortSignal,
): Promise<RunPlan> {
  const { connections, rate, bodyBytes, apps } = options;
  const { warmUpMs, measuredMs, seed, first } = timing;
  const times = { rate, warmUpMs, measuredMs, seed, stream: 0 };
  const count = countArrivals(arrivalsOfRun(times));
  const shape = { key: 'rsa', method: 'POST', path: ORDERS_PATH, bodyBytes, apps } as const;
  const set = await openSignedSet(shape, first + count, { validForMs: VALID_FOR_MS, signal });
  const spec = {
    ...{ host: '127.0.0.1', connections, connectionsBefore: 0, connectionsTotal: connections },
    ...times,
    requests: { kind: 'signed' as const, set, first, count },
    expectedBody: UPSTREAM_BODY,
  };
  return { spec, count };
}

/** Runs a plan to its end, and `watch` beside it. */
async function generate<Watched>(
  port: number,
  { spec }: RunPlan,
  watch: () => Promise<Watched>,
): Promise<{ outcome: GeneratorOutcome; watched: Watched }> {
  await using generators = new Generators([{ ...spec, port }]);
  await generators.open();
  const running = generators.run(process.hrtime.bigint() + BigInt(LEAD_MS * 1e6));
  const [[outcome], watched] = await Promise.all([running, watch()]);
  return { outcome: outcome!, watched };
}

interface UsedMicros {
  readonly process: number;
  readonly fronts: number;
}

/** CPU of exactly the measured time. */
interface WindowUsage extends UsedMicros {
  readonly firstReadingLateMs: number;
}

class GatewayUsage {
  private readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  read(): UsedMicros {
    const used = { process: 0, fronts: 0 };
    // Not the sum that the kernel keeps for the process: that one goes in steps of 10 ms.
    for (const [name, micros] of threadCpuMicros(this.pid)) {
      used.process += micros;
      if (FRONT_THREAD.test(name)) used.fronts += micros;
    }
    return used;
  }
}

/** The CPU that is used in `measuredMs` milliseconds, which begin after `delayMs`. */
async function usageDuring(
  usage: GatewayUsage,
  delayMs: number,
  measuredMs: number,
  signal: AbortSignal,
): Promise<WindowUsage> {
  const startMs = performance.now() + delayMs;
  await pause(delayMs, undefined, { signal });
  const fromMs = performance.now();
  const before = usage.read();
  await pause(startMs + measuredMs - fromMs, undefined, { signal });
  const toWindow = measuredMs / (performance.now() - fromMs);
  const after = usage.read();
  return {
    process: (after.process - before.process) * toWindow,
    fronts: (after.fronts - before.fronts) * toWindow,
    firstReadingLateMs: fromMs - startMs,
  };
}

function figuresOf(
  outcome: GeneratorOutcome,
  used: WindowUsage,
  rssBytes: number,
  startMs: number,
): PointFigures {
  const { requests, answered, samples, lagMicros, cpuShare, connectionsLost } = outcome;
  const { p50, p99 } = percentilesOf(samples.latencyMicros);
  const { firstReadingLateMs } = used;
  const lagP99Ms = percentilesOf(lagMicros).p99;
  const lost = Object.values(connectionsLost).reduce((sum, count) => sum + count, 0);
  return {
    cpuMicrosPerRequest: used.process / answered,
    frontCpuMicrosPerRequest: used.fronts / answered,
    p50Ms: p50,
    p99Ms: p99,
    rssMb: rssBytes / 2 ** 20,
    startMs,
    requests,
    answered,
    failed: requests - answered + lost,
    limited: judgeGenerator({ lagP99Ms, cpuShareMax: cpuShare, firstReadingLateMs }),
  };
}

function percentilesOf(micros: Uint32Array) {
  const histogram = createHistogram();
  for (const value of micros) histogram.recordValue(recordable(value));
  return percentilesMs(histogram);
}
