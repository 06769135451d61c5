/** One run: subscribers that read, then others beside them that do not; events, and calls. */
import type { Config } from '../../src/core/config.ts';
import type { SignedShare } from '../load/generator-messages.ts';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import { SESSIONS_PATH, type Sections } from '../rig/gateway-files.ts';
import { HiccupBeside } from '../rig/hiccup-beside.ts';
import { percentilesMs } from '../rig/latency-histogram.ts';
import { openSignedSet, type SignedSet } from '../rig/presigned/signed-set.ts';
import { residentBytes, tcpMemoryBytes } from '../rig/process-usage.ts';
import { Progress } from '../rig/progress.ts';
import { Upstream } from '../rig/upstream.ts';
import { callsBeside } from './call-load.ts';
import { type EventRig, measureEvents, publishEvents, TOPIC } from './event-phase.ts';
import type { FanoutOptions, FanoutPhase, FanoutResult, MemoryFigures } from './fanout-result.ts';
import { Publisher } from './publisher.ts';
import { FLOOD_TOPIC, type SilentRig, withSilentSubscribers } from './silent-subscribers.ts';
import type { SubscribersSpec } from './subscriber-messages.ts';
import { Subscribers } from './subscribers.ts';

export interface FanoutExtras {
  readonly signal: AbortSignal;
  readonly gatewayNodeArgs?: readonly string[];
  readonly progress: (text: string) => void;
}

const VALID_FOR_MS = 600_000;
/** Callers are opened for the calls alone and for those beside events, of either phase. */
const CALLER_OPENINGS = 4;
/** The other sessions of the app beside these, and their subscriptions, all at once. */
const MESSAGES_MAX = 100_000;
/** Longer than any phase: silent subscribers are to stay, although by default they are cut. */
const SILENT_FOR_MS = 600_000;
/** Before anything is measured: code that has not run yet is not compiled. */
const WARM_UP_EVENTS = 10;
const MEGABYTE = 2 ** 20;
const REPLAYS = 'xingyun_event_replays_total';

/** @throws Error where the gateway, the upstream or a session cannot be had, or an event is lost */
export async function runFanout(
  options: FanoutOptions,
  extras: FanoutExtras,
): Promise<FanoutResult> {
  const { signal, progress } = extras;
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const commit = checkoutCommit();
  const handshakes = new Handshakes(await signHandshakes(options, signal));
  await using upstream = await Upstream.start();
  await using gateway = await BenchGateway.start({
    upstreamPort: upstream.port,
    topics: [TOPIC, FLOOD_TOPIC],
    nodeArgs: extras.gatewayNodeArgs ?? [],
    config: limitsFor(options),
  });
  await using hiccups = await HiccupBeside.open();
  const memoryEmpty = await memoryOf(gateway);
  const spec = specOf(options.subscribers, gateway, [TOPIC], handshakes);
  await using subscribers = await Subscribers.open(spec, open =>
    progress(`${open} of ${options.subscribers} subscribers`),
  );
  signal.throwIfAborted();
  const publisher = new Publisher(gateway.adminUrl);
  const rig: EventRig = { gateway, publisher, subscribers, signal };
  await publishEvents(rig, { ...options, events: WARM_UP_EVENTS, intervalMs: 0 });
  const measure = () => runPhase(rig, hiccups, options, handshakes);
  progress('events to subscribers that read');
  const readersOnly = await measure();
  const silentRig: SilentRig = { ...rig, memory: () => memoryOf(gateway), progress };
  const silentSpec = specOf(options.silent, gateway, [TOPIC, FLOOD_TOPIC], handshakes);
  const silent =
    options.silent === 0 ? undefined : await withSilentSubscribers(silentRig, silentSpec, measure);
  const { faults, closed } = await subscribers.count();
  return {
    name: 'fanout',
    ...{ ...options, startedAt, configuration: gateway.configuration, memoryEmpty },
    ...{ readersOnly, withSilent: silent?.phase, silentFigures: silent?.figures },
    ...{ faults, closed, environment, commit },
  };
}

/** Shares of the signed handshakes, each given out once. */
class Handshakes {
  private readonly set: SignedSet;
  private taken = 0;

  constructor(set: SignedSet) {
    this.set = set;
  }

  take(count: number): SignedShare {
    const first = this.taken;
    this.taken += count;
    return { set: this.set, first, count };
  }
}

function signHandshakes(options: FanoutOptions, signal: AbortSignal): Promise<SignedSet> {
  const { subscribers, silent, callers } = options;
  const shape = { key: 'rsa', method: 'GET', path: SESSIONS_PATH, bodyBytes: 0, apps: 1 } as const;
  const count = subscribers + silent + CALLER_OPENINGS * callers;
  return openSignedSet(shape, count, {
    ...{ validForMs: VALID_FOR_MS, progress: new Progress(), signal },
  });
}

/** All sessions are of one app, which may have so many by no default. */
function limitsFor({ subscribers, silent, callers }: FanoutOptions): Sections<Config> {
  const sessions = subscribers + silent + CALLER_OPENINGS * callers;
  return {
    limits: { connectionsMax: Math.max(sessions, 19_000) },
    webSocket: {
      connectionsPerAppMax: sessions,
      messagesPerSecondMax: MESSAGES_MAX,
      messagesBurstMax: MESSAGES_MAX,
      idleTimeoutMs: SILENT_FOR_MS,
      slowConsumerTimeoutMs: SILENT_FOR_MS,
    },
  };
}

function specOf(
  sessions: number,
  { port }: BenchGateway,
  topics: readonly string[],
  handshakes: Handshakes,
): SubscribersSpec {
  return {
    ...{ host: '127.0.0.1', port, sessions, topics, watchedTopic: TOPIC },
    handshakes: handshakes.take(sessions),
  };
}

async function runPhase(
  rig: EventRig,
  hiccups: HiccupBeside,
  options: FanoutOptions,
  handshakes: Handshakes,
): Promise<FanoutPhase> {
  const { events, intervalMs, callRate, callers } = options;
  const memoryBefore = await memoryOf(rig.gateway);
  const replaysBefore = await rig.gateway.metric(REPLAYS);
  await hiccups.start();
  const { events: alone, deliveryCpu } = await measureEvents(rig, options);
  const seconds = Math.max(Math.ceil((events * intervalMs) / 1_000), 1);
  const callOptions = () => ({
    ...{ port: rig.gateway.port, sessions: callers, rate: callRate, seed: options.seed },
    // Each session of a generator may be opened again once; none of these is.
    handshakes: handshakes.take(callers),
  });
  const calls = await callsBeside(callOptions(), seconds, async () => undefined);
  let eventsBesideCalls = alone;
  const callsBesideEvents = await callsBeside(callOptions(), seconds, async () => {
    eventsBesideCalls = await publishEvents(rig, options);
  });
  const hiccup = percentilesMs(await hiccups.stop());
  const memoryAfter = await memoryOf(rig.gateway);
  const replays = (await rig.gateway.metric(REPLAYS)) - replaysBefore;
  return {
    ...{ memoryBefore, memoryAfter, events: alone, deliveryCpu, calls, callsBesideEvents },
    ...{ eventsBesideCalls, replays, hiccup },
  };
}

async function memoryOf(gateway: BenchGateway): Promise<MemoryFigures> {
  const waiting = await gateway.metric('xingyun_websocket_send_buffered_bytes');
  const inMegabytes = (bytes: number) => Math.round((bytes / MEGABYTE) * 10) / 10;
  return {
    rssMb: inMegabytes(residentBytes(gateway.pid)),
    waitingMb: inMegabytes(waiting),
    kernelSocketsMb: inMegabytes(tcpMemoryBytes()),
  };
}
