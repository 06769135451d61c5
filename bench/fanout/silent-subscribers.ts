/** Subscribers that read nothing: flooded until the gateway holds back what they do not read. */
import { setTimeout as pause } from 'node:timers/promises';
import type { EventRig } from './event-phase.ts';
import type { FanoutPhase, MemoryFigures, SilentFigures } from './fanout-result.ts';
import type { SubscribersSpec } from './subscriber-messages.ts';
import { Subscribers } from './subscribers.ts';

/** Nobody else has it: what floods them reaches the others in no way but through the gateway. */
export const FLOOD_TOPIC = 'bench-flood';

export interface SilentRig extends EventRig {
  readonly memory: () => Promise<MemoryFigures>;
  readonly progress: (text: string) => void;
}

const FLOOD_BYTES = 60_000;
/** Kernel and gateway together hold some 4 MB for each that does not read. */
const FLOOD_EVENTS_MAX = 1_000;
const POLL_MS = 20;
const DELIVERED_MAX_MS = 30_000;
const GONE_MAX_MS = 20_000;
/** What was freed goes back to the system a little later, if it does. */
const SETTLE_MS = 1_000;
const SENT = 'xingyun_websocket_events_sent_total';
const DEFERRED = 'xingyun_websocket_events_deferred_total';
const OPEN = 'xingyun_websocket_sessions_open';

/**
 * Opens them, floods them until all are behind, runs the phase, lets them go.
 * @throws Error where they do not fall behind
 */
export async function withSilentSubscribers(
  rig: SilentRig,
  spec: SubscribersSpec,
  measure: () => Promise<FanoutPhase>,
): Promise<{ phase: FanoutPhase; figures: SilentFigures }> {
  const { gateway, progress, memory } = rig;
  const memoryWithout = await memory();
  const openBefore = await gateway.metric(OPEN);
  let floodEvents: number;
  let memoryBehind: MemoryFigures;
  let phase: FanoutPhase;
  let stillOpen: number;
  {
    await using silent = await Subscribers.open(spec, open =>
      progress(`${open} of ${spec.sessions} silent subscribers`),
    );
    await silent.pause();
    floodEvents = await flood(rig, spec.sessions);
    memoryBehind = await memory();
    progress('events beside subscribers that do not read');
    phase = await measure();
    stillOpen = (await gateway.metric(OPEN)) - openBefore;
  }
  const isGone = async () => (await gateway.metric(OPEN)) <= openBefore;
  await until(rig.signal, GONE_MAX_MS, 'the end of the silent subscribers', isGone);
  await pause(SETTLE_MS, undefined, { signal: rig.signal });
  const memoryGone = await memory();
  const figures = { floodEvents, stillOpen, memoryWithout, memoryBehind, memoryGone };
  return { phase, figures };
}

/**
 * Publishes until each of the sessions was refused an event; each event is sent or refused at all
 * of them before the next. Returns how many that took.
 */
async function flood(rig: SilentRig, sessions: number): Promise<number> {
  const { gateway, publisher, signal, progress } = rig;
  const sentBefore = await gateway.metric(SENT);
  const deferredBefore = await gateway.metric(DEFERRED);
  let behind = 0;
  let settled = 0;
  for (let events = 1; events <= FLOOD_EVENTS_MAX; events++) {
    settled += sessions - behind;
    await publisher.publish(FLOOD_TOPIC, FLOOD_BYTES);
    await until(signal, DELIVERED_MAX_MS, 'a large event', async () => {
      behind = (await gateway.metric(DEFERRED)) - deferredBefore;
      return (await gateway.metric(SENT)) - sentBefore + behind >= settled;
    });
    progress(`${events} large events, ${behind} of ${sessions} behind`);
    if (behind >= sessions) return events;
  }
  throw new Error(`${FLOOD_EVENTS_MAX} large events left subscribers that were not behind.`);
}

/** @throws Error where it is not so in time */
async function until(
  signal: AbortSignal,
  maxMs: number,
  what: string,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const endsMs = performance.now() + maxMs;
  while (!(await isSo())) {
    if (performance.now() > endsMs) throw new Error(`${what} took longer than ${maxMs} ms`);
    await pause(POLL_MS, undefined, { signal });
  }
}
