/** What the kernel counts per core, from /proc/stat: Linux only. */
import { readFileSync } from 'node:fs';

/** Microseconds since boot. */
export interface CoreTime {
  /** User, nice, system, interrupts. */
  readonly busyMicros: number;
  /** What the hypervisor gave to others while this core wanted to run. */
  readonly stolenMicros: number;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;

export function readCoreTime(core: number): CoreTime {
  return parseCoreTime(readFileSync('/proc/stat', 'utf8'), core);
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
