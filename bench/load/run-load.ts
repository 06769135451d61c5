/** One open-loop run: upstream, gateway and generators of its own, and what was seen of them. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Histogram } from 'hdr-histogram-js';
import type { Config } from '../../src/core/config.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { PIPELINED, type Sections } from '../rig/gateway-files.ts';
import { HiccupBeside } from '../rig/hiccup-beside.ts';
import { Upstream } from '../rig/upstream.ts';
import { assembleResult } from './assemble-result.ts';
import { watchGateway } from './gateway-watch.ts';
import type { GeneratorProgress, PingOutcome } from './generator-messages.ts';
import {
  isSession,
  noncesIn,
  openSignedSets,
  type PingOptions,
  specsFor,
  withPings,
} from './generator-specs.ts';
import { Generators } from './generators.ts';
import type { LoadOptions, LoadResult } from './load-result.ts';
import { mergeOutcomes } from './merge-outcomes.ts';
import type { LoadSamples } from './samples.ts';
import { stageDeltas } from './stage-deltas.ts';

export interface RunExtras {
  /** Rejects the run at the next step when it aborts; everything that was started is ended. */
  readonly signal?: AbortSignal;
  /** Arguments for node of the gateway and of the generators, such as `--cpu-prof`. */
  readonly gatewayNodeArgs?: readonly string[];
  readonly generatorNodeArgs?: readonly string[];
  /** Which cores the gateway has, and which the generators and the upstream; all where absent. */
  readonly cores?: { readonly gateway: string; readonly load: string };
  /** Laid over the gateway's configuration. */
  readonly config?: Sections<Config>;
  /** Round trips to the front's loop, from the threads that send the load. */
  readonly pings?: PingOptions | undefined;
  /** Goes on beside the measured time, and must end with it or soon after. */
  readonly beside?: (gateway: BenchGateway, measured: MeasuredTime) => Promise<void>;
  /** Shows progress; nothing where absent. */
  readonly progress?: (text: string) => void;
}

export interface MeasuredTime {
  /** Of `performance.now()`. */
  readonly fromMs: number;
  readonly seconds: number;
}

export interface LoadRun {
  readonly result: LoadResult;
  /** In microseconds: of what was due in each second of the measured time. */
  readonly latencyBySecond: readonly Histogram[];
  /** Of each generator. */
  readonly samples: readonly LoadSamples[];
  readonly pings: readonly PingOutcome[];
}

/** Before the first arrival, so that every generator is told in time. */
const LEAD_MS = 200;
/**
 * The gateway's histograms are read this long before the measured time: to write them takes its
 * main thread a few milliseconds of a core, which would be in the measured percentiles.
 */
const READING_LEAD_MS = 300;
/** The gateway's defaults, which a small run keeps. */
const NONCES_MIN = 2 ** 20;
const SESSION_DEFAULTS = { messagesPerSecondMax: 10_000, messagesBurstMax: 2_000 };
const CONNECTIONS_MIN = 19_000;
const REOPENED_MAX = 1_000;
/** Arrivals of a second are scattered, and what waited for a connection comes on top. */
const MESSAGES_FACTOR = 2;

/** @throws Error where the gateway, the upstream or a connection cannot be had */
export async function runLoad(options: LoadOptions, extras: RunExtras = {}): Promise<LoadRun> {
  const { signal, progress = () => undefined } = extras;
  const environment = readEnvironment();
  const commit = checkoutCommit();
  const sets = await openSignedSets(options, signal);
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
    keyed: options.keyed === true,
    ...(options.pipelined === true ? { upstream: PIPELINED } : {}),
    config: { ...limitsFor(options), ...extras.config },
  });
  await using hiccups = await HiccupBeside.open(extras.cores?.gateway);
  const load = specsFor(options, gateway.port, sets);
  const { pings } = extras;
  const specs = pings ? await withPings(load, options, { ...pings, signal }) : load;
  await using generators = new Generators(specs, {
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
  const measured = { fromMs: measuredMs, seconds: options.durationSeconds };
  const beside = extras.beside?.(gateway, measured);
  const work = Promise.all([running, watching, beside]);
  const [outcomes, watched] = await unlessAborted(signal, work);
  const logAfter = await gateway.admin('/histograms.hlog');
  const merged = mergeOutcomes(outcomes, options.durationSeconds);
  const result = assembleResult(options, {
    ...{ startedAt, environment, commit, merged, configuration: gateway.configuration },
    samples: outcomes.map(({ samples }) => samples),
    usage: watched.usage,
    stages: stageDeltas(watched.logBefore, logAfter),
    gatewaySideHiccup: watched.hiccup,
  });
  return {
    ...{ result, latencyBySecond: merged.latencyBySecond },
    samples: outcomes.map(({ samples }) => samples),
    pings: outcomes.flatMap(outcome => outcome.pings ?? []),
  };
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

/** Room for every nonce of the run; the gateway's own default where that is enough. */
function noncesFor(options: LoadOptions): number {
  return Math.max(NONCES_MIN, 2 ** Math.ceil(Math.log2(noncesIn(options) * 2)));
}

/** One app has all the connections and sends all the messages: its limits are widened to that. */
function limitsFor(options: LoadOptions): Sections<Config> {
  const { connections, rate } = options;
  const limits = { connectionsMax: Math.max(connections, CONNECTIONS_MIN) };
  if (!isSession(options)) return { limits };
  const webSocket = {
    // A session that is lost may be opened again before the gateway has noticed.
    connectionsPerAppMax: connections + REOPENED_MAX,
    messagesPerSecondMax: Math.max(MESSAGES_FACTOR * rate, SESSION_DEFAULTS.messagesPerSecondMax),
    messagesBurstMax: Math.max(rate, SESSION_DEFAULTS.messagesBurstMax),
  };
  return { limits, webSocket };
}

function progressLine(options: LoadOptions, seen: GeneratorProgress): string {
  if (seen.due === 0) return `${seen.open} of ${options.connections} connections open`;
  const { due, answered, waiting, open } = seen;
  return `${due} due  ${answered} answered  ${waiting} wait for a connection  ${open} open`;
}
