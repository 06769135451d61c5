/** One case in one round: a fresh process, a probe, a warm-up, and the window that counts. */
import { loadavg } from 'node:os';
import type { Peer } from '../peers/peer.ts';
import { PUBLIC_AUTHORITY, RATES_PATH } from '../rig/gateway-files.ts';
import { percentilesMs } from '../rig/latency-histogram.ts';
import type { CompareCase, TrafficKind } from './cases.ts';
import type { RoundFigures } from './compare-result.ts';
import { PROBE_RECORDS, probeChecked, probePlain } from './probe.ts';
import type { Stage } from './stage.ts';
import { refuseOtherPlace, refuseShortAnswers } from './window-checks.ts';
import { FORWARDER_CORE, LOAD_CORE, readUsage, usageFigures } from './window-usage.ts';
import { errorsOf, type LoopReport, type Records, runLoop, type Traffic } from './wrk.ts';

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
  if (traffic === 'plain') return probePlain(target, RATES_PATH);
  return probeChecked(target, traffic, stage.records[traffic]!);
}

function trafficOf(kind: TrafficKind, stage: Stage): { warmUp: Traffic; measured: Traffic } {
  if (kind === 'signed') return signedTraffic(stage.records.signed!, stage);
  const traffic: Traffic =
    kind === 'bearer'
      ? { kind: 'replay', records: stage.records.bearer!, again: true }
      : { kind: 'fixed', path: RATES_PATH, host: PUBLIC_AUTHORITY };
  return { warmUp: traffic, measured: traffic };
}

/** A signed request serves once: those of the probe, the warm-up and the window are different. */
function signedTraffic(records: Records, { seconds, warmUpSeconds }: Stage) {
  const left = records.count - PROBE_RECORDS;
  const warmUpCount = Math.floor((left * warmUpSeconds) / (warmUpSeconds + seconds));
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

/** @throws Error where a single answer is missing or is none of the upstream's */
async function loop(
  { connections }: CompareCase,
  { port }: Peer,
  { signal, upstreamBody }: Stage,
  traffic: Traffic,
  seconds: number,
): Promise<LoopReport> {
  const cores = String(LOAD_CORE);
  const report = await runLoop(traffic, { port, connections, seconds, cores, signal });
  const errors = errorsOf(report);
  if (errors !== '') throw new Error(`errors among ${report.requests} answers: ${errors}`);
  if (report.requests === 0) throw new Error('no request was answered');
  refuseShortAnswers(report, upstreamBody);
  return report;
}

async function measureWindow(
  benchCase: CompareCase,
  peer: Peer,
  stage: Stage,
  traffic: Traffic,
  round: number,
): Promise<RoundFigures> {
  const loadAverage = loadavg()[0]!;
  const usage = () => readUsage(peer.pids(), stage.upstream.pid);
  const checkedBefore = await peer.checksDone?.();
  await stage.hiccups.start();
  await stage.forwarderHiccups.start();
  const before = usage();
  const report = await loop(benchCase, peer, stage, traffic, stage.seconds);
  const after = usage();
  const hiccup = percentilesMs(await stage.hiccups.stop());
  const forwarderHiccup = percentilesMs(await stage.forwarderHiccups.stop());
  const { requests, durationMicros } = report;
  const checkedAfter = await peer.checksDone?.();
  if (benchCase.checkPlace !== undefined) {
    refuseOtherPlace(benchCase.checkPlace, checkedBefore, checkedAfter, requests);
  }
  return {
    round,
    requests,
    seconds: durationMicros / 1_000_000,
    requestsPerSecond: (requests * 1_000_000) / durationMicros,
    p50Ms: report.p50Micros / 1_000,
    p99Ms: report.p99Micros / 1_000,
    maxMs: report.maxMicros / 1_000,
    ...usageFigures(before, after, requests),
    loadAverage,
    hiccup,
    forwarderHiccup,
  };
}
