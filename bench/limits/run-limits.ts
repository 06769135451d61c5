import { RedisServer } from '../../test/support/redis.ts';
import { Arrivals, arrivalsOfRun, type RunTimes } from '../load/arrivals.ts';
import { openSignedSets, specsFor } from '../load/generator-specs.ts';
import { Generators } from '../load/generators.ts';
import type { LoadOptions } from '../load/load-result.ts';
import { mergeOutcomes } from '../load/merge-outcomes.ts';
import { type LoadSamples, NEVER_SENT } from '../load/samples.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import type { RunSurroundings } from '../rig/measure-once.ts';
import { Upstream } from '../rig/upstream.ts';
import type { LimitsOptions, LimitsResult, LimitsRow, LimitsSetup } from './limits-result.ts';
import { takenByGcra, worstWindows } from './reference.ts';

const LEAD_MS = 200;
const MICROS_PER_MS = 1_000;
const WARM_UP_SECONDS = 2;
/** Generators, gateways and Redis share the cores: a pause of one is no failure of Redis. */
const REDIS_TIMEOUT_MS = 2_000;

/** @throws Error where a gateway or its calls cannot be had */
export async function runLimits(
  options: LimitsOptions,
  { signal, progress }: RunSurroundings,
): Promise<LimitsResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  await using upstream = await Upstream.start();
  const rows: LimitsRow[] = [];
  for (const setup of options.setups) {
    for (const load of options.loads) {
      signal.throwIfAborted();
      progress(`${setup.store}, ${setup.processes} x ${setup.fronts} fronts, ${load} times`);
      rows.push(await measure(options, { setup, load, port: upstream.port }, signal));
    }
  }
  const commit = checkoutCommit();
  return { name: 'limits', startedAt, commit, environment, options, rows };
}

interface Point {
  readonly setup: LimitsSetup;
  readonly load: number;
  /** Of the upstream. */
  readonly port: number;
}

async function measure(
  options: LimitsOptions,
  { setup, load, port }: Point,
  signal: AbortSignal,
): Promise<LimitsRow> {
  const { perSecond, burst, connections, seconds, seed } = options;
  const calls: LoadOptions = {
    ...{ connections, rate: Math.round(perSecond * load), seed, durationSeconds: seconds },
    ...{ warmUpSeconds: WARM_UP_SECONDS, scheme: 'hmac', method: 'GET', bodyBytes: 0 },
    // One for each gateway: together they are Poisson again.
    ...{ generators: setup.processes, fronts: setup.fronts, workers: 1 },
  };
  const sets = await openSignedSets(calls, signal);
  await using counting = new AsyncDisposableStack();
  const gateways = await startGateways(options, { setup, load, port }, counting);
  const specs = specsFor(calls, 0, sets).map((spec, i) => ({ ...spec, port: gateways[i]!.port }));
  await using generators = new Generators(specs);
  await generators.open();
  const outcomes = await generators.run(process.hrtime.bigint() + BigInt(LEAD_MS * 1e6));
  const { errors, missedSends } = mergeOutcomes(outcomes, seconds);
  await requireRedis(setup, gateways);
  const admittedMs = outcomes.flatMap(({ samples }) => answeredMs(samples));
  const arrivalsMs = timesOf(calls);
  const offered = arrivalsMs.filter(timeMs => timeMs >= 0).length;
  const allowedMs = takenByGcra(arrivalsMs, perSecond, burst).filter(timeMs => timeMs >= 0);
  const { over, under } = worstWindows(admittedMs, allowedMs, seconds * 1_000);
  const { 'rate-limited': _, ...others } = errors;
  return {
    ...{ ...setup, load, offered },
    ...{ allowed: allowedMs.length, admitted: admittedMs.length },
    ...{ worstWindowOver: over, worstWindowUnder: under },
    errors: { ...others, ...(missedSends > 0 && { 'never-sent': missedSends }) },
  };
}

/** They count together, and end with the stack. */
async function startGateways(
  { perSecond, burst }: LimitsOptions,
  { setup, port }: Point,
  stack: AsyncDisposableStack,
): Promise<BenchGateway[]> {
  const { store, fronts, processes } = setup;
  const redis = store === 'redis' ? stack.use(await RedisServer.start()) : undefined;
  const config = redis && {
    ...{ policy: { store }, redis: { urlFile: redis.urlFile, timeoutMs: REDIS_TIMEOUT_MS } },
  };
  const gateways: BenchGateway[] = [];
  for (let i = 0; i < processes; i++) {
    const gateway = await BenchGateway.start({
      ...{ upstreamPort: port, fronts, ...(config && { config }) },
      plan: { limits: { requestsPerSecondMax: perSecond, burstMax: burst } },
    });
    gateways.push(stack.use(gateway));
  }
  return gateways;
}

/** What a host has decided alone is no measure of what they do together. */
async function requireRedis({ store }: LimitsSetup, gateways: readonly BenchGateway[]) {
  if (store !== 'redis') return;
  const metric = 'xingyun_limits_decided_by_host_total';
  for (const gateway of gateways) {
    const alone = await gateway.metric(metric);
    if (alone > 0) throw new Error(`Redis did not answer in time for ${alone} calls.`);
  }
}

/** When those were due that were answered. A machine that is busy never sends some. */
function answeredMs({ dueMicros, sinceSentMicros }: LoadSamples): number[] {
  return Array.from(dueMicros, micros => micros / MICROS_PER_MS).filter(
    (_, i) => sinceSentMicros[i] !== NEVER_SENT,
  );
}

/** When calls are due, from the start of the measured time; those of the warm-up are before it. */
function timesOf({ rate, seed, generators, warmUpSeconds, durationSeconds }: LoadOptions) {
  const timesMs: number[] = [];
  for (let stream = 0; stream < generators; stream++) {
    const times: RunTimes = {
      ...{ rate: rate / generators, seed, stream },
      ...{ warmUpMs: warmUpSeconds * 1_000, measuredMs: durationSeconds * 1_000 },
    };
    const arrivals = new Arrivals(arrivalsOfRun(times));
    for (; arrivals.nextMs !== Number.POSITIVE_INFINITY; arrivals.advance()) {
      timesMs.push(arrivals.nextMs - times.warmUpMs);
    }
  }
  return timesMs.sort((a, b) => a - b);
}
