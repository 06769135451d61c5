/** Watches how much memory the process has, of what it may have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CHECK_INTERVAL_MS = 250;
/** After which it is told again while memory is short; twice as long each time. */
const REMIND_FIRST_MS = 1_000;
const REMIND_MAX_MS = 30_000;
/** Shares of the limit at which memory is short, and is enough again. */
const SHORT_FROM = 0.9;
const ENOUGH_FROM = 0.8;
const CGROUP_ROOT = '/sys/fs/cgroup';
const MB = 1_048_576;

export interface MemoryWatchOptions {
  readonly limitMb: number;
  /** At each change, and again while memory is short. */
  readonly tell: (isShort: boolean) => void;
  /** At each change. */
  readonly report: (isShort: boolean, residentMb: number) => void;
  readonly residentBytes?: () => number;
}

export class MemoryWatch {
  isShort = false;
  private readonly options: MemoryWatchOptions;
  private readonly timer: NodeJS.Timeout;
  private toldMs = 0;
  private remindMs = REMIND_FIRST_MS;

  constructor(options: MemoryWatchOptions) {
    this.options = options;
    this.timer = setInterval(() => this.check(), CHECK_INTERVAL_MS);
    this.timer.unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  private check(): void {
    const { limitMb, tell, report, residentBytes = process.memoryUsage.rss } = this.options;
    const residentMb = residentBytes() / MB;
    const before = this.isShort;
    this.isShort = residentMb >= limitMb * (before ? ENOUGH_FROM : SHORT_FROM);
    if (this.isShort !== before) report(this.isShort, Math.round(residentMb));
    const nowMs = performance.now();
    const isReminder = this.isShort && nowMs - this.toldMs >= this.remindMs;
    if (this.isShort === before && !isReminder) return;
    this.toldMs = nowMs;
    // What a collection does not free the next one will hardly: each stops a front.
    this.remindMs =
      isReminder && before ? Math.min(2 * this.remindMs, REMIND_MAX_MS) : REMIND_FIRST_MS;
    tell(this.isShort);
  }
}

/** What the control group of this process allows, in MB; undefined where nothing bounds it. */
export function cgroupMemoryMb(): number | undefined {
  try {
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
    const text = readFileSync(join(CGROUP_ROOT, own, 'memory.max'), 'utf8').trim();
    return text === 'max' ? undefined : Math.floor(Number(text) / MB);
  } catch {
    // No control groups, version 1 of them, or the root, which has no limit.
    return undefined;
  }
}
