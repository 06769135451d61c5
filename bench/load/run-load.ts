/** One open-loop run: upstream, gateway and generators of its own, and what was seen of them. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { KeyName } from '../rig/bench-folder.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { ORDERS_PATH, RATES_PATH } from '../rig/gateway-files.ts';
import { HiccupBeside } from '../rig/hiccup-beside.ts';
import { openSignedSet, type SignedSet } from '../rig/presigned/signed-set.ts';
import { Progress } from '../rig/progress.ts';
import { UPSTREAM_BODY, Upstream } from '../rig/upstream.ts';
import { arrivalsOfRun, countArrivals, type RunTimes } from './arrivals.ts';
import { assembleResult } from './assemble-result.ts';
import { watchGateway } from './gateway-watch.ts';
import type { GeneratorProgress, GeneratorSpec, RequestsSpec } from './generator-messages.ts';
import { Generators } from './generators.ts';
import type { LoadOptions, LoadResult, Scheme } from './load-result.ts';
import { mergeOutcomes } from './merge-outcomes.ts';
import { stageDeltas } from './stage-deltas.ts';

export interface RunExtras {
  /** Rejects the run at the next step when it aborts; everything that was started is ended. */
  readonly signal?: AbortSignal;
  /** Arguments for node of the gateway and of the generators, such as `--cpu-prof`. */
  readonly gatewayNodeArgs?: readonly string[];
  readonly generatorNodeArgs?: readonly string[];
  /** Which cores the gateway has, and which the generators and the upstream; all where absent. */
  readonly cores?: { readonly gateway: string; readonly load: string };
  /** Shows progress; nothing where absent. */
  readonly progress?: (text: string) => void;
}

export interface LoadRun {
  readonly result: LoadResult;
  /** In microseconds: of what was due in each second of the measured time. */
  readonly latencyBySecond: readonly Histogram[];
}

/** Before the first arrival, so that every generator is told in time. */
const LEAD_MS = 200;
/**
 * The gateway's histograms are read this long before the measured time: to write them takes its
 * main thread a few milliseconds of a core, which would be in the measured percentiles.
 */
const READING_LEAD_MS = 300;
/** Starting, opening connections and draining, on top of the run: signatures must last. */
const SET_UP_MAX_MS = 180_000;
const KEYS: Readonly<Record<Exclude<Scheme, 'none'>, KeyName>> = {
  'rfc9421-rsa': 'rsa',
  'rfc9421-es256': 'es256',
  hmac: 'hmac',
};

/** @throws Error where the gateway, the upstream or a connection cannot be had */
export async function runLoad(options: LoadOptions, extras: RunExtras = {}): Promise<LoadRun> {
  const { signal, progress = () => undefined } = extras;
  const environment = readEnvironment();
  const commit = checkoutCommit();
  const set = await signedSetFor(options, signal);
  signal?.throwIfAborted();
  await using upstream = await Upstream.start({ cores: extras.cores?.load });
  await using gateway = await BenchGateway.start({
    upstreamPort: upstream.port,
    fronts: options.fronts,
    workers: options.workers,
    nodeArgs: extras.gatewayNodeArgs ?? [],
    cores: extras.cores?.gateway,
    noncesMax: noncesFor(options),
    accessLog: options.accessLog ?? false,
    config: { limits: { connectionsMax: Math.max(options.connections, 19_000) } },
  });
  await using hiccups = await HiccupBeside.open(extras.cores?.gateway);
  await using generators = new Generators(specsFor(options, gateway.port, set), {
    nodeArgs: extras.generatorNodeArgs,
    cores: extras.cores?.load,
    onProgress: seen => progress(progressLine(options, seen)),
  });
  await unlessAborted(signal, generators.open());
  const startedAt = new Date();
  const startMs = performance.now() + LEAD_MS;
  const measuredMs = startMs + options.warmUpSeconds * 1_000;
  const running = generators.run(process.hrtime.bigint() + BigInt(LEAD_MS) * 1_000_000n);
  const watching = watchRun(options, { upstream, gateway, hiccups }, measuredMs);
  const [outcomes, watched] = await unlessAborted(signal, Promise.all([running, watching]));
  const logAfter = await gateway.admin('/histograms.hlog');
  const merged = mergeOutcomes(outcomes, options.durationSeconds);
  const result = assembleResult(options, {
    ...{ startedAt, environment, commit, merged, configuration: gateway.configuration },
    samples: outcomes.map(({ samples }) => samples),
    usage: watched.usage,
    stages: stageDeltas(watched.logBefore, logAfter),
    gatewaySideHiccup: watched.hiccup,
  });
  return { result, latencyBySecond: merged.latencyBySecond };
}

interface Watched {
  readonly upstream: Upstream;
  readonly gateway: BenchGateway;
  readonly hiccups: HiccupBeside;
}

async function watchRun(options: LoadOptions, parts: Watched, measuredMs: number) {
  const { upstream, gateway, hiccups } = parts;
  await pause(Math.max(measuredMs - READING_LEAD_MS - performance.now(), 0));
  const logBefore = await gateway.admin('/histograms.hlog');
  await pause(Math.max(measuredMs - performance.now(), 0));
  const pids = { gateway: gateway.pid, upstream: upstream.pid };
  const [usage] = await Promise.all([
    watchGateway(pids, measuredMs, options.durationSeconds),
    hiccups.start(),
  ]);
  return { logBefore, usage, hiccup: await hiccups.stop() };
}

/** Rejects as soon as the signal aborts; what was waited for is ended by whoever started it. */
async function unlessAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  // When the run was aborted, its parts fail one after the other; nobody waits for them any more.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** When requests are due, of one generator. */
function timesOf(options: LoadOptions, stream: number): RunTimes {
  const { rate, generators, seed, warmUpSeconds, durationSeconds } = options;
  const measuredMs = durationSeconds * 1_000;
  return { rate: rate / generators, warmUpMs: warmUpSeconds * 1_000, measuredMs, seed, stream };
}

function arrivalCounts(options: LoadOptions): number[] {
  return Array.from({ length: options.generators }, (_, stream) =>
    countArrivals(arrivalsOfRun(timesOf(options, stream))),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

async function signedSetFor(
  options: LoadOptions,
  signal: AbortSignal | undefined,
): Promise<SignedSet | undefined> {
  const { scheme, method, bodyBytes, warmUpSeconds, durationSeconds } = options;
  if (scheme === 'none') return undefined;
  const path = method === 'POST' ? ORDERS_PATH : `${ORDERS_PATH}/o-1`;
  const shape = { key: KEYS[scheme], method, path, bodyBytes, apps: 1 };
  const validForMs = (warmUpSeconds + durationSeconds) * 1_000 + SET_UP_MAX_MS;
  return openSignedSet(shape, sum(arrivalCounts(options)), {
    validForMs,
    progress: new Progress(),
    signal,
  });
}

/** Room for every nonce of the run; the gateway's own default where that is enough. */
function noncesFor(options: LoadOptions): number {
  const requests = options.rate * (options.warmUpSeconds + options.durationSeconds);
  return Math.max(2 ** 20, 2 ** Math.ceil(Math.log2(requests * 2)));
}

function specsFor(options: LoadOptions, port: number, set: SignedSet | undefined): GeneratorSpec[] {
  const { generators, connections } = options;
  const counts = arrivalCounts(options);
  return counts.map((count, stream) => {
    const first = sum(counts.slice(0, stream));
    const requests: RequestsSpec =
      set === undefined
        ? { kind: 'plain', method: options.method, path: RATES_PATH }
        : { kind: 'signed', set, first, count };
    const connectionsBefore = Math.floor((connections * stream) / generators);
    return {
      host: '127.0.0.1',
      port,
      connections: Math.floor((connections * (stream + 1)) / generators) - connectionsBefore,
      connectionsBefore,
      connectionsTotal: connections,
      ...timesOf(options, stream),
      requests,
      expectedBody: UPSTREAM_BODY,
    };
  });
}

function progressLine(options: LoadOptions, seen: GeneratorProgress): string {
  if (seen.due === 0) return `${seen.open} of ${options.connections} connections open`;
  const { due, answered, waiting, open } = seen;
  return `${due} due  ${answered} answered  ${waiting} wait for a connection  ${open} open`;
}
