/** One case in one round: a fresh process, a probe, a warm-up, and the window that counts. */
import { loadavg } from 'node:os';
import type { Peer } from '../peers/peer.ts';
import { PUBLIC_AUTHORITY } from '../rig/gateway-files.ts';
import { HiccupBeside } from '../rig/hiccup-beside.ts';
import { percentilesMs } from '../rig/latency-histogram.ts';
import { processCpuMicros } from '../rig/process-usage.ts';
import { type CompareCase, PLAIN_PATH, type TrafficKind } from './cases.ts';
import type { RoundFigures } from './compare-result.ts';
import { readCoreTime } from './core-time.ts';
import { PROBE_RECORDS, probeChecked, probePlain } from './probe.ts';
import type { Stage } from './stage.ts';
import { errorsOf, type LoopReport, runLoop, type Traffic } from './wrk.ts';

/** Core of what is measured, and core of the load and the upstream. */
export const FORWARDER_CORE = 0;
export const LOAD_CORE = 1;

/** @throws Error with the reason why this round of the case does not count */
export async function measureCase(
  benchCase: CompareCase,
  round: number,
  stage: Stage,
): Promise<RoundFigures> {
  const peer = await benchCase.start({
    cores: String(FORWARDER_CORE),
    upstreamPort: stage.upstream.port,
    upstreamConnections: benchCase.connections,
  });
  try {
    await probe(benchCase.traffic, peer, stage);
    const { warmUp, measured } = trafficOf(benchCase.traffic, stage);
    await loop(benchCase, peer, stage, warmUp, stage.warmUpSeconds);
    return await measureWindow(benchCase, peer, stage, measured, round);
  } finally {
    await peer.stop();
  }
}

function probe(traffic: TrafficKind, { port }: Peer, stage: Stage): Promise<void> {
  const target = { port, upstreamBody: stage.upstreamBody };
  if (traffic === 'plain') return probePlain(target, PLAIN_PATH);
  return probeChecked(target, traffic, stage.records[traffic]!);
}

/** A signed request serves once: those of the probe, the warm-up and the window are different. */
function trafficOf(kind: TrafficKind, stage: Stage): { warmUp: Traffic; measured: Traffic } {
  if (kind === 'plain') {
    const traffic: Traffic = { kind: 'fixed', path: PLAIN_PATH, host: PUBLIC_AUTHORITY };
    return { warmUp: traffic, measured: traffic };
  }
  const records = stage.records[kind]!;
  if (kind === 'bearer') {
    const traffic: Traffic = { kind: 'replay', records, again: true };
    return { warmUp: traffic, measured: traffic };
  }
  const left = records.count - PROBE_RECORDS;
  const share = stage.warmUpSeconds / (stage.warmUpSeconds + stage.seconds);
  const warmUpCount = Math.floor(left * share);
  const slice = (first: number, count: number): Traffic => ({
    kind: 'replay',
    records: { ...records, first, count },
    again: false,
  });
  return {
    warmUp: slice(PROBE_RECORDS, warmUpCount),
    measured: slice(PROBE_RECORDS + warmUpCount, left - warmUpCount),
  };
}

async function loop(
  { connections }: CompareCase,
  { port }: Peer,
  { signal }: Stage,
  traffic: Traffic,
  seconds: number,
): Promise<LoopReport> {
  const cores = String(LOAD_CORE);
  const report = await runLoop(traffic, { port, connections, seconds, cores, signal });
  const errors = errorsOf(report);
  if (errors !== '') throw new Error(`errors among ${report.requests} answers: ${errors}`);
  if (report.requests === 0) throw new Error('no request was answered');
  return report;
}

/** CPU and core time, read at both ends of the window. */
function readUsage(peer: Peer, stage: Stage) {
  return {
    forwarderMicros: peer.pids().reduce((sum, pid) => sum + processCpuMicros(pid), 0),
    upstreamMicros: processCpuMicros(stage.upstream.pid),
    own: readCoreTime(FORWARDER_CORE),
    load: readCoreTime(LOAD_CORE),
  };
}

async function measureWindow(
  benchCase: CompareCase,
  peer: Peer,
  stage: Stage,
  traffic: Traffic,
  round: number,
): Promise<RoundFigures> {
  const [loadAverage] = loadavg();
  await stage.hiccups.start();
  const before = readUsage(peer, stage);
  const startedMs = performance.now();
  const report = await loop(benchCase, peer, stage, traffic, stage.seconds);
  const elapsedMicros = (performance.now() - startedMs) * 1_000;
  const after = readUsage(peer, stage);
  const hiccup = percentilesMs(await stage.hiccups.stop());
  const { requests, durationMicros } = report;
  const cpuMicros = after.forwarderMicros - before.forwarderMicros;
  const ownBusyMicros = after.own.busyMicros - before.own.busyMicros;
  const stolenMicros =
    after.own.stolenMicros -
    before.own.stolenMicros +
    (after.load.stolenMicros - before.load.stolenMicros);
  return {
    round,
    requestsPerSecond: (requests / durationMicros) * 1_000_000,
    cpuMicrosPerRequest: cpuMicros / requests,
    p99Ms: report.p99Micros / 1_000,
    requests,
    seconds: durationMicros / 1_000_000,
    p50Ms: report.p50Micros / 1_000,
    maxMs: report.maxMicros / 1_000,
    upstreamCpuMicrosPerRequest: (after.upstreamMicros - before.upstreamMicros) / requests,
    coreShare: cpuMicros / elapsedMicros,
    foreignShare: Math.max(ownBusyMicros - cpuMicros, 0) / elapsedMicros,
    loadCoreShare: (after.load.busyMicros - before.load.busyMicros) / elapsedMicros,
    stolenShare: stolenMicros / 2 / elapsedMicros,
    loadAverage: loadAverage!,
    hiccup,
  };
}
