import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { BenchGateway } from '../rig/bench-gateway.ts';
import { residentBytes } from '../rig/process-usage.ts';
import { IdleClient } from './idle-client.ts';
import { PlainUpstream } from './plain-upstream.ts';
import { SelfSigned } from './self-signed.ts';
import { SignedCaller } from './signed-calls.ts';

export type Transport = 'http' | 'tls';

export interface IdleOptions {
  readonly transport: Transport;
  readonly connections: number;
  /** Whether each connection makes a call before it is idle. */
  readonly used: boolean;
}

export interface IdleWatch {
  /** Aborted, the measurement rejects, and what it started ends. */
  readonly signal: AbortSignal;
  onProgress(open: number): void;
}

export interface IdleLevel extends IdleOptions {
  /** Resident memory of the whole gateway process, after its warm-up calls. */
  readonly rssBeforeBytes: number;
  readonly rssAfterBytes: number;
  /** The difference, shared out. Compare levels: what the first connections need comes once. */
  readonly bytesPerConnection: number;
  /** Memory of the gateway that it shares with nobody, written or not yet given back. */
  readonly privateAfterBytes: number;
  /** Of one signed call made while all connections were open. */
  readonly callStatus: number;
  readonly callMs: number;
  /** What the gateway itself counted, with the connection of the signed call. */
  readonly connectionsCounted: number;
  /** What the client still held after the call: fewer would mean that some were closed. */
  readonly connectionsHeld: number;
}

/** Enough calls that the heap has its working size before the first reading. */
const WARM_UP_CALLS = 300;
/** Memory has settled when so many readings in a row lie within the tolerance. */
const SETTLED_READINGS = 4;
const READING_MS = 250;
const SETTLED_TOLERANCE_BYTES = 128 * 1_024;
/** The gateway closes a connection that has been idle for 30 s: no level may wait for longer. */
const SETTLING_MAX_MS = 6_000;
/** Connections beside the idle ones: of the signed calls. */
const CALLER_CONNECTIONS_MAX = 8;

/**
 * One level in a gateway of its own, so that none inherits the heap of the level before.
 * @throws Error where a connection cannot be opened, for example beyond the limit of open files
 */
export async function measureIdle(
  options: IdleOptions,
  { signal, onProgress }: IdleWatch,
): Promise<IdleLevel> {
  const { transport, connections, used } = options;
  using certificate = transport === 'tls' ? new SelfSigned() : undefined;
  await using upstream = await PlainUpstream.start();
  await using gateway = await startGateway(upstream.port, connections, certificate);
  const caller = new SignedCaller(gateway.port, certificate?.certificate);
  try {
    for (let i = 0; i < WARM_UP_CALLS; i++) await caller.call();
    const rssBeforeBytes = await settledBytes(gateway.pid, signal);
    const order = { port: gateway.port, connections, tls: transport === 'tls', used };
    await using client = await IdleClient.open(order, open => onProgress(open));
    const rssAfterBytes = await settledBytes(gateway.pid, signal);
    const privateAfterBytes = privateBytes(gateway.pid);
    const call = await caller.call();
    return {
      ...options,
      rssBeforeBytes,
      rssAfterBytes,
      bytesPerConnection: (rssAfterBytes - rssBeforeBytes) / connections,
      privateAfterBytes,
      callStatus: call.status,
      callMs: call.ms,
      connectionsCounted: await gateway.metric('xingyun_connections_open'),
      connectionsHeld: await client.count(),
    };
  } finally {
    caller.close();
  }
}

function startGateway(
  upstreamPort: number,
  connections: number,
  certificate: SelfSigned | undefined,
): Promise<BenchGateway> {
  const tls = certificate && { certFile: certificate.certFile, keyFile: certificate.keyFile };
  return BenchGateway.start({
    upstreamPort,
    config: {
      limits: { connectionsMax: connections + CALLER_CONNECTIONS_MAX },
      ...(tls === undefined
        ? {}
        : { listener: { tls: { ...tls, clientCertificate: 'off' as const } } }),
    },
  });
}

/** Resident memory once it stays where it is, or after the longest wait. */
async function settledBytes(pid: number, signal: AbortSignal): Promise<number> {
  const endMs = performance.now() + SETTLING_MAX_MS;
  let reading = residentBytes(pid);
  for (let settled = 0; settled < SETTLED_READINGS && performance.now() < endMs; ) {
    await pause(READING_MS, undefined, { signal });
    const next = residentBytes(pid);
    settled = Math.abs(next - reading) <= SETTLED_TOLERANCE_BYTES ? settled + 1 : 0;
    reading = next;
  }
  return reading;
}

function privateBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)![1]);
  return (kilobytes('Private_Clean') + kilobytes('Private_Dirty')) * 1_024;
}

/**
 * Bytes for each further connection: the slope of the least-squares line through the levels. NaN
 * with fewer than two.
 */
export function marginalBytes(levels: readonly IdleLevel[]): number {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const growth = levels.map(level => level.rssAfterBytes - level.rssBeforeBytes);
  const meanConnections = mean(levels.map(({ connections }) => connections));
  const meanGrowth = mean(growth);
  let covariance = 0;
  let variance = 0;
  for (const [index, { connections }] of levels.entries()) {
    covariance += (connections - meanConnections) * (growth[index]! - meanGrowth);
    variance += (connections - meanConnections) ** 2;
  }
  return covariance / variance;
}
