/**
 * Samples the gateway from outside, from /proc, once a second of the measured time: its own
 * /metrics would cost it several milliseconds each time it is asked.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import {
  machineBusyMicros,
  processCpuMicros,
  residentBytes,
  threadCpuMicros,
} from '../rig/process-usage.ts';

export interface GatewayUsage {
  /**
   * CPU microseconds by thread; `process` is all of them. Of exactly the measured time, in which
   * answers are counted: what was read between two readings a little off is scaled to it.
   */
  readonly cpuMicros: ReadonlyMap<string, number>;
  readonly upstreamCpuMicros: number;
  /** Of all cores together, whoever used them; the time that they had is `machineMicros`. */
  readonly busyMicros: number;
  readonly machineMicros: number;
  /** How late the first reading came: CPU of the measured time that nobody saw. */
  readonly firstReadingLateMs: number;
  readonly rssMb: readonly number[];
  /** Share of one core by thread and second. */
  readonly cpuByThread: Readonly<Record<string, readonly number[]>>;
}

/** One look at both processes; CPU in microseconds since their start. */
export interface Reading {
  readonly atMs: number;
  readonly threads: ReadonlyMap<string, number>;
  readonly processMicros: number;
  readonly upstreamMicros: number;
  /** Of all cores. */
  readonly busyMicros: number;
  readonly rssMb: number;
}

/** Names of the kernel's view for which the gateway has better ones. */
const NAMES: Readonly<Record<string, string>> = { MainThread: 'main', WorkerThread: 'workers' };
const FRONT = /^front-\d+$/;
/** Compiler and garbage collector threads, the inspector's, the file pool's. */
const OTHER = 'v8-and-libuv';

/**
 * Watches from `startMs` on the monotonic clock for that many whole seconds.
 * @throws Error where the gateway's process ends meanwhile
 */
export async function watchGateway(
  pids: { readonly gateway: number; readonly upstream: number },
  startMs: number,
  seconds: number,
): Promise<GatewayUsage> {
  const readings: Reading[] = [];
  for (let second = 0; second <= seconds; second++) {
    await pause(Math.max(startMs + second * 1_000 - performance.now(), 0));
    readings.push(read(pids.gateway, pids.upstream));
  }
  return usageOf(readings, startMs);
}

function read(gateway: number, upstream: number): Reading {
  const threads = new Map<string, number>();
  for (const [kernelName, micros] of threadCpuMicros(gateway)) {
    const name = NAMES[kernelName] ?? (FRONT.test(kernelName) ? kernelName : OTHER);
    threads.set(name, (threads.get(name) ?? 0) + micros);
  }
  return {
    atMs: performance.now(),
    threads,
    processMicros: processCpuMicros(gateway),
    upstreamMicros: processCpuMicros(upstream),
    busyMicros: machineBusyMicros(),
    rssMb: residentBytes(gateway) / 2 ** 20,
  };
}

/** Readings a second apart, the first meant for `startMs`; at least two. */
export function usageOf(readings: readonly Reading[], startMs: number): GatewayUsage {
  const first = readings[0]!;
  const last = readings.at(-1)!;
  const names = [...last.threads.keys()].sort();
  const toWindow = ((readings.length - 1) * 1_000) / (last.atMs - first.atMs);
  const cpuMicros = new Map([['process', (last.processMicros - first.processMicros) * toWindow]]);
  const cpuByThread: Record<string, number[]> = {};
  for (const name of names) {
    cpuMicros.set(name, gained(first, last, name) * toWindow);
    cpuByThread[name] = readings.slice(1).map((reading, i) => {
      const before = readings[i]!;
      return round(gained(before, reading, name) / (reading.atMs - before.atMs) / 1_000);
    });
  }
  return {
    cpuMicros,
    upstreamCpuMicros: (last.upstreamMicros - first.upstreamMicros) * toWindow,
    busyMicros: (last.busyMicros - first.busyMicros) * toWindow,
    machineMicros: (readings.length - 1) * 1_000_000 * availableParallelism(),
    firstReadingLateMs: Math.max(first.atMs - startMs, 0),
    rssMb: readings.slice(1).map(({ rssMb }) => round(rssMb)),
    cpuByThread,
  };
}

/** A thread that was replaced meanwhile starts from zero: it used nothing less than nothing. */
function gained(before: Reading, after: Reading, name: string): number {
  return Math.max((after.threads.get(name) ?? 0) - (before.threads.get(name) ?? 0), 0);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
