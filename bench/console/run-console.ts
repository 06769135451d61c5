/**
 * One run at an open-loop rate, in turns of some seconds with a viewer of the live figures and
 * without: what the fronts and workers cost a call in either, and whether the figures that are
 * shown are those that the callers saw.
 */
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import type { DistributionAnswer, LatencyFigures } from '../../src/telemetry/live-frame.ts';
import { type MeasuredTime, runLoad } from '../load/run-load.ts';
import type { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, type Environment, readEnvironment } from '../rig/environment.ts';
import { threadCpuMicros } from '../rig/process-usage.ts';

export interface ConsoleBenchOptions {
  readonly rate: number;
  readonly connections: number;
  /** Of each turn, and pairs of turns. */
  readonly turnSeconds: number;
  readonly pairs: number;
  readonly viewers: number;
}

interface Turn {
  readonly viewers: number;
  /** CPU microseconds a call. */
  readonly dataPlaneMicros: number;
  readonly mainMicros: number;
}

export interface ConsoleBenchResult extends ConsoleBenchOptions {
  readonly name: 'console';
  readonly startedAt: string;
  readonly turns: readonly Turn[];
  /** Of each pair: fronts and workers with viewers, by without. */
  readonly ratios: readonly number[];
  readonly ratio: number;
  /** Of the main thread, which serves the viewers and does the telemetry. */
  readonly mainMicrosWithout: number;
  readonly mainMicrosWith: number;
  /** Of the measured time, as the callers saw it and as the gateway shows it. */
  readonly outside: Pick<LatencyFigures, 'p50' | 'p99' | 'p999' | 'max'>;
  readonly shown: Pick<LatencyFigures, 'p50' | 'p99' | 'p999' | 'max'>;
  readonly callsOutside: number;
  readonly callsShown: number;
  readonly failed: number;
  readonly environment: Environment;
  readonly commit: string;
}

export interface ConsoleBenchExtras {
  readonly signal?: AbortSignal;
  readonly progress?: (text: string) => void;
}

/** At both ends of a turn, in which threads settle. */
const SETTLE_MS = 500;

export async function runConsole(
  options: ConsoleBenchOptions,
  { signal, progress }: ConsoleBenchExtras = {},
): Promise<ConsoleBenchResult> {
  const { rate, connections, turnSeconds, pairs, viewers } = options;
  const startedAt = new Date().toISOString();
  const turns: Turn[] = [];
  let shown: DistributionAnswer | undefined;
  const beside = async (gateway: BenchGateway, measured: MeasuredTime) => {
    await pause(Math.max(0, measured.fromMs - performance.now()));
    const fromMs = Date.now();
    for (let turn = 0; turn < 2 * pairs; turn += 1) {
      // Which comes first changes from pair to pair: a machine that slows down hits both alike.
      const isWatched = (turn % 2 === 1) !== (Math.floor(turn / 2) % 2 === 1);
      turns.push(await takeTurn(gateway, { rate, turnSeconds, viewers: isWatched ? viewers : 0 }));
    }
    const toMs = fromMs + measured.seconds * 1_000;
    // The last second is told of when it is over.
    await pause(Math.max(0, toMs + 2_500 - Date.now()));
    shown = JSON.parse(await gateway.admin(`/v1/distribution?fromMs=${fromMs}&toMs=${toMs}`));
  };
  const { result } = await runLoad(
    {
      ...{ rate, connections, scheme: 'rfc9421-rsa', method: 'POST', bodyBytes: 600, seed: 1 },
      ...{ durationSeconds: 2 * pairs * turnSeconds, warmUpSeconds: 5 },
      ...{ generators: 1, fronts: 1, workers: 1 },
    },
    {
      beside,
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
    },
  );
  const ratios = ratiosOf(turns);
  const { p50, p99, p999, max } = result;
  const { latency, exchanges } = shown!.traffic;
  return {
    ...{ name: 'console', startedAt, ...options, turns, ratios, ratio: median(ratios) },
    mainMicrosWithout: median(mainOf(turns, false)),
    mainMicrosWith: median(mainOf(turns, true)),
    outside: { p50, p99, p999, max },
    shown: { p50: latency.p50, p99: latency.p99, p999: latency.p999, max: latency.max },
    ...{ callsOutside: result.answered, callsShown: exchanges },
    failed: result.requests - result.answered,
    ...{ environment: readEnvironment(), commit: checkoutCommit() },
  };
}

async function takeTurn(
  gateway: BenchGateway,
  { rate, turnSeconds, viewers }: { rate: number; turnSeconds: number; viewers: number },
): Promise<Turn> {
  const sockets = await Promise.all(Array.from({ length: viewers }, () => watch(gateway)));
  await pause(SETTLE_MS);
  const before = threadCpuMicros(gateway.pid);
  const startMs = performance.now();
  await pause(turnSeconds * 1_000 - 2 * SETTLE_MS);
  const after = threadCpuMicros(gateway.pid);
  const calls = (rate * (performance.now() - startMs)) / 1_000;
  for (const socket of sockets) socket.terminate();
  await pause(SETTLE_MS);
  const spent = (names: (name: string) => boolean) => {
    let micros = 0;
    for (const [name, total] of after) if (names(name)) micros += total - (before.get(name) ?? 0);
    return micros / calls;
  };
  return {
    viewers,
    dataPlaneMicros: spent(name => name.startsWith('front-') || name === 'WorkerThread'),
    mainMicros: spent(name => name === 'MainThread'),
  };
}

async function watch(gateway: BenchGateway): Promise<WebSocket> {
  const socket = new WebSocket(`${gateway.adminUrl.replace(/^http/, 'ws')}/v1/live`);
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  socket.once('message', () => resolve(socket));
  socket.once('error', reject);
  return promise;
}

function ratiosOf(turns: readonly Turn[]): number[] {
  const ratios: number[] = [];
  for (let i = 0; i + 1 < turns.length; i += 2) {
    const [one, other] = [turns[i]!, turns[i + 1]!];
    const [watched, bare] = one.viewers > 0 ? [one, other] : [other, one];
    ratios.push(watched.dataPlaneMicros / bare.dataPlaneMicros);
  }
  return ratios;
}

function mainOf(turns: readonly Turn[], isWatched: boolean): number[] {
  return turns.filter(turn => turn.viewers > 0 === isWatched).map(({ mainMicros }) => mainMicros);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
