import { Arrivals, arrivalsOfRun, type RunTimes } from '../load/arrivals.ts';
import { openSignedSets, specsFor } from '../load/generator-specs.ts';
import { Generators } from '../load/generators.ts';
import type { LoadOptions } from '../load/load-result.ts';
import { mergeOutcomes } from '../load/merge-outcomes.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { Upstream } from '../rig/upstream.ts';
import type { LimitsOptions, LimitsResult, LimitsRow } from './limits-result.ts';
import { takenByGcra, worstWindows } from './reference.ts';

export interface LimitsSurroundings {
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

const LEAD_MS = 200;
const MICROS_PER_MS = 1_000;
const WARM_UP_SECONDS = 2;

/** @throws Error where a gateway or its calls cannot be had */
export async function runLimits(
  options: LimitsOptions,
  { signal, progress }: LimitsSurroundings,
): Promise<LimitsResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  await using upstream = await Upstream.start();
  const rows: LimitsRow[] = [];
  for (const fronts of options.fronts) {
    for (const load of options.loads) {
      signal.throwIfAborted();
      progress(`${fronts} fronts, ${load} times the limit`);
      rows.push(await measure(options, { fronts, load, port: upstream.port }, signal));
    }
  }
  const commit = checkoutCommit();
  return { name: 'limits', startedAt, commit, environment, options, rows };
}

interface Point {
  readonly fronts: number;
  readonly load: number;
  /** Of the upstream. */
  readonly port: number;
}

async function measure(
  options: LimitsOptions,
  { fronts, load, port }: Point,
  signal: AbortSignal,
): Promise<LimitsRow> {
  const { perSecond, burst, connections, seconds, seed } = options;
  const calls: LoadOptions = {
    ...{ connections, rate: Math.round(perSecond * load), seed, durationSeconds: seconds },
    ...{ warmUpSeconds: WARM_UP_SECONDS, scheme: 'hmac', method: 'GET', bodyBytes: 0 },
    ...{ generators: 1, fronts, workers: 1 },
  };
  const sets = await openSignedSets(calls, signal);
  await using gateway = await BenchGateway.start({
    ...{ upstreamPort: port, fronts },
    plan: { limits: { requestsPerSecondMax: perSecond, burstMax: burst } },
  });
  await using generators = new Generators(specsFor(calls, gateway.port, sets));
  await generators.open();
  const outcomes = await generators.run(process.hrtime.bigint() + BigInt(LEAD_MS * 1e6));
  const { errors } = mergeOutcomes(outcomes, seconds);
  const admittedMs = outcomes.flatMap(({ samples }) => Array.from(samples.dueMicros, toMs));
  const arrivalsMs = [...timesOf(calls)];
  const offered = arrivalsMs.filter(timeMs => timeMs >= 0).length;
  const allowedMs = takenByGcra(arrivalsMs, perSecond, burst).filter(timeMs => timeMs >= 0);
  const { over, under } = worstWindows(admittedMs, allowedMs, seconds * 1_000);
  const { 'rate-limited': _, ...others } = errors;
  return {
    ...{ fronts, processes: 1, store: 'host', load, offered },
    ...{ allowed: allowedMs.length, admitted: admittedMs.length },
    ...{ worstWindowOver: over, worstWindowUnder: under, errors: others },
  };
}

function toMs(micros: number): number {
  return micros / MICROS_PER_MS;
}

/** When calls are due, from the start of the measured time; those of the warm-up are before it. */
function* timesOf({ rate, seed, warmUpSeconds, durationSeconds }: LoadOptions): Generator<number> {
  const times: RunTimes = {
    ...{ rate, seed, stream: 0 },
    ...{ warmUpMs: warmUpSeconds * 1_000, measuredMs: durationSeconds * 1_000 },
  };
  const arrivals = new Arrivals(arrivalsOfRun(times));
  for (; arrivals.nextMs !== Number.POSITIVE_INFINITY; arrivals.advance()) {
    yield arrivals.nextMs - times.warmUpMs;
  }
}
