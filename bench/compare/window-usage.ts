/** What the kernel counted between the two ends of a measured window, from /proc: Linux only. */
import { readFileSync } from 'node:fs';
import { processCpuMicros } from '../rig/process-usage.ts';
import type { RoundFigures } from './compare-result.ts';

/** Core of what is measured, and core of the load and the upstream. */
export const FORWARDER_CORE = 0;
export const LOAD_CORE = 1;

/** Microseconds since boot. */
export interface CoreTime {
  /** User, nice, system, interrupts. */
  readonly busyMicros: number;
  /** What the hypervisor gave to others while this core wanted to run. */
  readonly stolenMicros: number;
}

export interface Usage {
  /** Monotonic. */
  readonly atMicros: number;
  /** All threads of all the forwarder's processes. */
  readonly forwarderMicros: number;
  readonly upstreamMicros: number;
  readonly forwarderCore: CoreTime;
  readonly loadCore: CoreTime;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;

export function readUsage(forwarderPids: readonly number[], upstreamPid: number): Usage {
  const stat = readFileSync('/proc/stat', 'utf8');
  return {
    atMicros: performance.now() * 1_000,
    forwarderMicros: forwarderPids.reduce((sum, pid) => sum + processCpuMicros(pid), 0),
    upstreamMicros: processCpuMicros(upstreamPid),
    forwarderCore: parseCoreTime(stat, FORWARDER_CORE),
    loadCore: parseCoreTime(stat, LOAD_CORE),
  };
}

/** Fields of proc(5): user nice system idle iowait irq softirq steal. */
export function parseCoreTime(stat: string, core: number): CoreTime {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(stat)?.[1];
  if (line === undefined) throw new Error(`This machine has no core ${core}.`);
  const [user, nice, system, , , irq, softirq, steal] = line.split(' ').map(Number);
  return {
    busyMicros: (user! + nice! + system! + irq! + softirq!) * MICROS_PER_TICK,
    stolenMicros: (steal ?? 0) * MICROS_PER_TICK,
  };
}

export type UsageFigures = Pick<
  RoundFigures,
  | 'cpuMicrosPerRequest'
  | 'upstreamCpuMicrosPerRequest'
  | 'coreShare'
  | 'foreignShare'
  | 'loadCoreShare'
  | 'stolenShare'
>;

/** Per answered request, and as shares of the window's time. */
export function usageFigures(before: Usage, after: Usage, requests: number): UsageFigures {
  const elapsedMicros = after.atMicros - before.atMicros;
  const cpuMicros = after.forwarderMicros - before.forwarderMicros;
  const busyMicros = after.forwarderCore.busyMicros - before.forwarderCore.busyMicros;
  const loadMicros = after.loadCore.busyMicros - before.loadCore.busyMicros;
  const stolenMicros = stolenOf(after) - stolenOf(before);
  return {
    cpuMicrosPerRequest: cpuMicros / requests,
    upstreamCpuMicrosPerRequest: (after.upstreamMicros - before.upstreamMicros) / requests,
    coreShare: cpuMicros / elapsedMicros,
    // Both are counted in ticks: the difference of a core of one's own may come out below 0.
    foreignShare: Math.max(busyMicros - cpuMicros, 0) / elapsedMicros,
    loadCoreShare: loadMicros / elapsedMicros,
    stolenShare: stolenMicros / (2 * elapsedMicros),
  };
}

function stolenOf({ forwarderCore, loadCore }: Usage): number {
  return forwarderCore.stolenMicros + loadCore.stolenMicros;
}
