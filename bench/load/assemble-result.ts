/** The result of a run from what was seen of it. */
import type { Histogram } from 'hdr-histogram-js';
import type { Environment } from '../rig/environment.ts';
import { percentileCurve, percentilesMs } from '../rig/latency-histogram.ts';
import { CLIENTS_MAX, closedLoopLatency } from './closed-loop.ts';
import type { GatewayUsage } from './gateway-watch.ts';
import { judgeGenerator } from './judge-generator.ts';
import type { LoadOptions, LoadResult } from './load-result.ts';
import type { Merged } from './merge-outcomes.ts';
import type { LoadSamples } from './samples.ts';

export interface RunFindings {
  readonly startedAt: Date;
  readonly environment: Environment;
  readonly commit: string;
  readonly configuration: LoadResult['configuration'];
  readonly merged: Merged;
  /** Of each generator. */
  readonly samples: readonly LoadSamples[];
  readonly usage: GatewayUsage;
  readonly stages: LoadResult['stages'];
  readonly gatewaySideHiccup: Histogram;
}

export function assembleResult(options: LoadOptions, findings: RunFindings): LoadResult {
  const { merged, usage } = findings;
  const answersInTime = merged.answers.reduce((sum, count) => sum + count, 0);
  const perRequest = (micros: number) =>
    answersInTime === 0 ? 0 : Math.round((micros / answersInTime) * 100) / 100;
  const { requests, answered, errors, missedSends, noIdleConnection, connectionsLost } = merged;
  return {
    name: 'load',
    ...options,
    configuration: findings.configuration,
    startedAt: findings.startedAt.toISOString(),
    achievedRate: Math.round((answersInTime / options.durationSeconds) * 10) / 10,
    ...{ requests, answered, errors, connectionsLost, missedSends, noIdleConnection },
    connectionsOpenMin: Math.min(...merged.openConnections),
    ...percentilesMs(merged.latency),
    curve: percentileCurve(merged.latency),
    fromActualSend: {
      ...percentilesMs(merged.sinceSent),
      curve: percentileCurve(merged.sinceSent),
    },
    closedLoop: closedLoopFigures(findings, options.connections),
    stages: findings.stages,
    cpuMicrosPerRequest: Object.fromEntries(
      [...usage.cpuMicros].map(([thread, micros]) => [thread, perRequest(micros)]),
    ),
    upstreamCpuMicrosPerRequest: perRequest(usage.upstreamCpuMicros),
    othersShare: othersShare(findings),
    rssMb: Math.max(...usage.rssMb),
    hiccup: {
      generator: percentilesMs(merged.hiccup),
      gatewaySide: percentilesMs(findings.gatewaySideHiccup),
    },
    generator: generatorFigures(findings, perRequest(merged.cpuMicros)),
    timeline: {
      due: merged.due,
      answered: merged.answers,
      errors: merged.failures,
      openConnections: merged.openConnections,
      rssMb: usage.rssMb,
      cpuByThread: usage.cpuByThread,
      heat: merged.heat,
      p99: merged.latencyBySecond.map(second => percentilesMs(second).p99),
    },
    environment: findings.environment,
    commit: findings.commit,
  };
}

/** Counted in ticks on both sides: on an idle machine it may come out below nothing. */
function othersShare({ merged, usage }: RunFindings): number {
  const { busyMicros, machineMicros, cpuMicros, upstreamCpuMicros } = usage;
  const own = (cpuMicros.get('process') ?? 0) + upstreamCpuMicros + merged.cpuMicros;
  return Math.max(Math.round(((busyMicros - own) / machineMicros) * 1_000) / 1_000, 0);
}

function closedLoopFigures(
  { samples }: RunFindings,
  connections: number,
): LoadResult['closedLoop'] {
  const clients = Math.min(connections, CLIENTS_MAX);
  const latency = closedLoopLatency(samples, clients);
  const curve = percentileCurve(latency);
  return { clients, requests: latency.totalCount, ...percentilesMs(latency), curve };
}

function generatorFigures(
  { merged, usage }: RunFindings,
  cpuMicrosPerRequest: number,
): LoadResult['generator'] {
  const lag = percentilesMs(merged.lag);
  const cpuShareMax = Math.round(merged.cpuShareMax * 1_000) / 1_000;
  const limited = judgeGenerator({
    ...{ lagP99Ms: lag.p99, cpuShareMax },
    firstReadingLateMs: usage.firstReadingLateMs,
  });
  return { lag, cpuMicrosPerRequest, cpuShareMax, limited };
}
