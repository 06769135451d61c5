/**
 * One run at an open-loop rate, in turns of some seconds with a viewer of the live figures and
 * without: what the fronts and workers cost a call in either, and whether the percentiles that are
 * shown are those that the callers saw.
 */
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';
import type { DistributionAnswer } from '../../src/telemetry/live-frame.ts';
import { type MeasuredTime, runLoad } from '../load/run-load.ts';
import type { BenchGateway } from '../rig/bench-gateway.ts';
import { checkoutCommit, type Environment, readEnvironment } from '../rig/environment.ts';
import { threadCpuMicros } from '../rig/process-usage.ts';
import { type Agreement, compareDistributions } from './agreement.ts';

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
  readonly agreement: Agreement;
  readonly failed: number;
  readonly pingsFailed: number;
  /** Of all cores, what gateway, upstream and generator do not account for. */
  readonly othersShare: number;
  /** Why the figures say nothing of the gateway, a sentence each; none where they do. */
  readonly disturbed: readonly string[];
  readonly environment: Environment;
  readonly commit: string;
}

export interface ConsoleBenchExtras {
  readonly signal?: AbortSignal;
  readonly progress?: (text: string) => void;
}

/** At both ends of a turn, in which threads settle. */
const SETTLE_MS = 500;
/** A tenth of the usual rate, and no call of the gateway's: 3 µs of its front each. */
const PINGS = { connections: 16, rate: 400 };
/**
 * Of the measured time: what was sent before it and is answered in it the callers do not count.
 * The console's seconds have edges of their own, up to half a second before what was asked for.
 */
const LEFT_OUT_MS = 1_000;
/**
 * Of the cores. Where a loop waits for a core, a call waits for the loop as often as it takes
 * turns, and a ping does once: then pings are no measure of the way.
 */
const OTHERS_SHARE_MAX = 0.15;

export async function runConsole(
  options: ConsoleBenchOptions,
  { signal, progress }: ConsoleBenchExtras = {},
): Promise<ConsoleBenchResult> {
  const { rate, connections, turnSeconds, pairs, viewers } = options;
  const startedAt = new Date().toISOString();
  const turns: Turn[] = [];
  let shown: DistributionAnswer | undefined;
  let sinceMs = 0;
  const beside = async (gateway: BenchGateway, measured: MeasuredTime) => {
    await pause(Math.max(0, measured.fromMs - performance.now()));
    // The generator's clock in milliseconds since the epoch, by which the console has its seconds.
    sinceMs = measured.fromMs + Date.now() - performance.now();
    for (let turn = 0; turn < 2 * pairs; turn += 1) {
      // Which comes first changes from pair to pair: a machine that slows down hits both alike.
      const isWatched = (turn % 2 === 1) !== (Math.floor(turn / 2) % 2 === 1);
      turns.push(await takeTurn(gateway, { rate, turnSeconds, viewers: isWatched ? viewers : 0 }));
    }
    const toMs = sinceMs + measured.seconds * 1_000;
    // The last second is told of when it is over.
    await pause(Math.max(0, toMs + 2_500 - Date.now()));
    const span = { fromMs: sinceMs + LEFT_OUT_MS, toMs };
    const query = Object.entries(span).map(([name, ms]) => `${name}=${Math.round(ms)}`);
    shown = JSON.parse(await gateway.admin(`/v1/distribution?${query.join('&')}`));
  };
  const { result, samples, pings } = await runLoad(
    {
      ...{ rate, connections, scheme: 'rfc9421-rsa', method: 'POST', bodyBytes: 600, seed: 1 },
      ...{ durationSeconds: 2 * pairs * turnSeconds, warmUpSeconds: 5 },
      ...{ generators: 1, fronts: 1, workers: 1 },
    },
    {
      beside,
      pings: PINGS,
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
    },
  );
  const ratios = ratiosOf(turns);
  const { othersShare = 0 } = result;
  return {
    ...{ name: 'console', startedAt, ...options, turns, ratios, ratio: median(ratios) },
    mainMicrosWithout: median(mainOf(turns, false)),
    mainMicrosWith: median(mainOf(turns, true)),
    agreement: compareDistributions(shown!, {
      ...{ calls: samples, sinceMs },
      pings: pings.map(outcome => outcome.samples),
    }),
    failed: result.requests - result.answered,
    pingsFailed: pings.reduce((sum, outcome) => sum + outcome.failed, 0),
    othersShare,
    disturbed: [...result.generator.limited, ...othersOn(othersShare)],
    ...{ environment: readEnvironment(), commit: checkoutCommit() },
  };
}

function othersOn(share: number): string[] {
  if (share <= OTHERS_SHARE_MAX) return [];
  const [had, most] = [share, OTHERS_SHARE_MAX].map(each => Math.round(each * 100));
  return [`others had ${had} % of the cores; at most ${most} % is accepted`];
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
