/** What calls cost on this host, or on the one whose gateway is asked. */
import { measureCosts } from '../../data-plane/workers/check-costs.ts';
import type { HostCosts } from '../../planning/plan-model.ts';
import { REFERENCE_COSTS, scaledCosts } from '../../planning/reference-costs.ts';
import type { LiveFrame } from '../../telemetry/live-frame.ts';
import { type AdminOptions, adminJson, adminPlace } from '../admin-client.ts';
import { CommandFailure } from '../failures.ts';
import { liveMessages } from '../top/live-socket.ts';

/** Of checks on this host; what surrounds them is as much slower or faster than the reference. */
export function hostCosts(): HostCosts {
  const least: Record<string, number> = {};
  for (let sampling = 0; sampling < SAMPLINGS; sampling += 1) {
    for (const [algorithm, micros] of Object.entries(measureCosts().signatures)) {
      least[algorithm] = Math.min(micros, least[algorithm] ?? Number.POSITIVE_INFINITY);
    }
  }
  return scaledCosts(least);
}

/** A slow moment of the host must not stand for it. */
const SAMPLINGS = 12;
const SECONDS_WATCHED = 10;
/** Calls from which a mean says something. */
const CALLS_MIN = 500;

/** As a running gateway has them: its checks, and what its fronts took for the calls of 10 s. */
export async function gatewayCosts(options: AdminOptions): Promise<HostCosts> {
  const { costsMicros } = await adminJson<{ costsMicros: Record<string, number> }>(options, {
    path: '/v1/info',
  });
  const costs = scaledCosts(costsMicros);
  const frames = await watch(options);
  const calls = frames.reduce((sum, { traffic }) => sum + traffic.exchanges, 0);
  if (calls < CALLS_MIN) {
    const what = `${calls} calls in ${SECONDS_WATCHED} s are too few to measure by`;
    throw new CommandFailure(`${what}: plan without --admin, or with more traffic.`);
  }
  const seconds = frames.reduce((sum, { threads }) => sum + frontSeconds(threads), 0);
  const perCall = (seconds * 1e6) / calls;
  const rate = calls / SECONDS_WATCHED;
  // Of a call at this rate: what calls that come alone cost more is in it already.
  const fronts = frames.at(-1)!.threads.filter(({ kind }) => kind === 'front').length;
  const alone = Math.exp((-(rate / fronts) * costs.aloneAfterMs) / 1_000);
  const added = costs.aloneFrontMicros * alone;
  return { ...costs, frontMicros: Math.max(REFERENCE_COSTS.frontMicros / 4, perCall - added) };
}

function frontSeconds(threads: LiveFrame['threads']): number {
  return threads.reduce((sum, { kind, cpu }) => (kind === 'front' ? sum + cpu : sum), 0);
}

async function watch(options: AdminOptions): Promise<LiveFrame[]> {
  const { url, token } = adminPlace(options);
  const frames: LiveFrame[] = [];
  for await (const message of liveMessages(url, token, AbortSignal.timeout(30_000))) {
    if (message.kind === 'frame') frames.push(message);
    if (frames.length === SECONDS_WATCHED) break;
  }
  return frames;
}
