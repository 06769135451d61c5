import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { askReload } from '../../src/runtime/control-socket.ts';
import { openSignedSets, specsFor } from '../load/generator-specs.ts';
import { Generators } from '../load/generators.ts';
import { CONNECTION_LOST, type LoadOptions } from '../load/load-result.ts';
import { type Merged, mergeOutcomes } from '../load/merge-outcomes.ts';
import { sum, summed } from '../rig/counts.ts';
import { checkoutCommit, readEnvironment } from '../rig/environment.ts';
import type { RunSurroundings } from '../rig/measure-once.ts';
import { SupervisedGateway } from '../rig/supervised-gateway.ts';
import { Upstream } from '../rig/upstream.ts';
import type { ReloadBenchOptions, ReloadResult, ReloadRound } from './reload-result.ts';
import { SessionCalls } from './session-calls.ts';
import { SingleCalls } from './single-calls.ts';

const LEAD_MS = 200;
/** Until a gateway runs as fast as it will: what it executes is compiled by and by. */
const WARM_UP_SECONDS = 6;
/** A round on a busy machine: a start, and the connections of the process before. */
const ROUND_SECONDS = 8;
const POLL_MS = 20;
const NONCES_MAX = 2_097_152;
const PERCENTILES = [50, 99] as const;

/** @throws Error where the gateway cannot be had, or a reload fails */
export async function runReload(
  options: ReloadBenchOptions,
  { signal, progress }: RunSurroundings,
): Promise<ReloadResult> {
  const startedAt = new Date().toISOString();
  const environment = readEnvironment();
  const load = loadOf(options);
  const sets = await openSignedSets(load, signal);
  await using upstream = await Upstream.start({});
  await using gateway = await SupervisedGateway.start({
    upstreamPort: upstream.port,
    noncesMax: NONCES_MAX,
    config: { limits: { connectionsMax: 19_000 } },
  });
  await using generators = new Generators(specsFor(load, gateway.port, sets));
  await generators.open();
  const sessions = await SessionCalls.start(gateway.port, options.sessions);
  const singles = new SingleCalls(gateway.port, options.newConnectionsRate);
  const running = generators.run(process.hrtime.bigint() + BigInt(LEAD_MS) * 1_000_000n);
  await pause(LEAD_MS + WARM_UP_SECONDS * 1_000);
  const reloads: ReloadRound[] = [];
  for (let round = 0; round < options.rounds; round++) {
    signal.throwIfAborted();
    progress(`reload ${round + 1} of ${options.rounds}`);
    reloads.push(await reloadOnce(gateway));
    await pause(options.pauseMs);
  }
  await Promise.all([singles.stop(), sessions.stop()]);
  progress('the rest of the load');
  const merged = mergeOutcomes(await running, load.durationSeconds);
  const failures = summed([failuresOf(merged), singles.failures]);
  const [p50Ms, p99Ms] = PERCENTILES.map(p => merged.latency.getValueAtPercentile(p) / 1_000);
  return {
    ...{ name: 'reload', startedAt, commit: checkoutCommit(), environment, options },
    migratesWaiting: migratesWaiting(),
    ...{ rounds: reloads.length, requests: merged.requests + singles.count },
    failed: sum(Object.values(failures)),
    ...{ failures, newConnections: singles.count },
    ...{ websocketCalls: sessions.calls, websocketCallsLost: sessions.lost },
    websocketFailures: sessions.failures,
    ...{ p50Ms: p50Ms!, p99Ms: p99Ms!, maxMs: merged.latency.maxValue / 1_000, reloads },
  };
}

async function reloadOnce(gateway: SupervisedGateway): Promise<ReloadRound> {
  const before = await gateway.ready();
  const startedMs = performance.now();
  const answer = await askReload(gateway.stateDir);
  if (!answer.isDone) throw new Error(`a reload failed: ${answer.reason}\n${gateway.log}`);
  const readyMs = performance.now();
  while (isThere(before)) await pause(POLL_MS);
  return { startMs: readyMs - startedMs, drainMs: performance.now() - readyMs };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function loadOf(options: ReloadBenchOptions): LoadOptions {
  const { rounds, rate, connections, seed, pauseMs } = options;
  return {
    ...{ rate, connections, seed, warmUpSeconds: WARM_UP_SECONDS },
    durationSeconds: Math.ceil(rounds * (ROUND_SECONDS + pauseMs / 1_000)),
    ...{ scheme: 'hmac', method: 'GET', bodyBytes: 0 },
    ...{ generators: 1, fronts: 1, workers: 1 },
  };
}

/**
 * What befell requests, and connections between them by cause. A connection that is closed behind
 * an answer which announced it has lost nothing.
 */
function failuresOf({ errors, connectionsLost }: Merged): Record<string, number> {
  const { [CONNECTION_LOST]: _, ...ofRequests } = errors;
  const { 'close-after-answer': announced, ...ofConnections } = connectionsLost;
  return { ...ofRequests, ...ofConnections };
}

/** Whether the kernel gives what waits at a listener that closes to another of the same port. */
function migratesWaiting(): boolean {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim() === '1';
  } catch {
    // A kernel before 5.14 has no such setting.
    return false;
  }
}
