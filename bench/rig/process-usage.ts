/** What the kernel counts of a process, from /proc: Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which every Linux that Node runs on shows to user space as 100. */
const MICROS_PER_TICK = 10_000;
const PAGE_BYTES = 4_096;

export interface ThreadUsage {
  readonly tid: number;
  /** As the kernel shows it, 15 characters at most: `MainThread`, `front-0`, `V8Worker`. */
  readonly name: string;
  readonly cpuMicros: number;
}

/** User and system time of all threads, ended ones included; in steps of 10 ms. */
export function processCpuMicros(pid: number): number {
  const fields = statFields(`/proc/${pid}/stat`);
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** Of all cores, since boot: user, nice, system and interrupts (proc(5)); in steps of 10 ms. */
export function machineBusyMicros(): number {
  const line = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]!;
  const [user, nice, system, , , irq, softirq] = line.split(' ').map(Number);
  return (user! + nice! + system! + irq! + softirq!) * MICROS_PER_TICK;
}

/** Resident memory. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1_024;
}

/** What the kernel holds for all TCP sockets of the machine. */
export function tcpMemoryBytes(): number {
  const text = readFileSync('/proc/net/sockstat', 'utf8');
  return Number(/^TCP: .* mem (\d+)$/m.exec(text)![1]) * PAGE_BYTES;
}

/** Every living thread; to the nanosecond where the kernel keeps schedstat. */
export function threadUsages(pid: number): ThreadUsage[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(tid => {
    try {
      return [threadUsage(`/proc/${pid}/task/${tid}`, Number(tid))];
    } catch (error) {
      // It ended after the folder was read.
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code!)) return [];
      throw error;
    }
  });
}

/** CPU microseconds by name of thread; threads of one name are added up. */
export function threadCpuMicros(pid: number): Map<string, number> {
  const byName = new Map<string, number>();
  for (const { name, cpuMicros } of threadUsages(pid)) {
    byName.set(name, (byName.get(name) ?? 0) + cpuMicros);
  }
  return byName;
}

/** Open-file limit of this process, which each connection counts towards. */
export function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, soft] = /Max open files\s+(\S+)/.exec(limits)!;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function threadUsage(folder: string, tid: number): ThreadUsage {
  const name = readFileSync(`${folder}/comm`, 'utf8').trimEnd();
  return { tid, name, cpuMicros: threadMicros(folder) };
}

function threadMicros(folder: string): number {
  const [nanos] = readFileSync(`${folder}/schedstat`, 'utf8').split(' ');
  if (Number(nanos) > 0) return Number(nanos) / 1_000;
  const fields = statFields(`${folder}/stat`);
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** The fields after the name, which is in brackets and may hold spaces: `[11]` is utime. */
function statFields(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
