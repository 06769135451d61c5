/**
 * A gateway that starts beside one that serves leaves it the processor: compiling takes a second of
 * it, which callers would wait for on a host without a core to spare.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Has a tenth of the share of one at 0 where both want all. */
const STARTING_PRIORITY = 10;
const CAP_SYS_NICE = 23n;
/** RLIMIT_NICE counts from here down: a process may go back to this less the limit. */
const NICE_LIMIT_FROM = 20;
/** Of a process in the first user namespace: in any other one the capability says nothing. */
const FIRST_NAMESPACE = /^\s*0\s+0\s+4294967295\s*$/;

export interface ChildPriority {
  /** The process and the threads that it starts from now on. */
  lower(pid: number): void;
  /** Every thread of the process. */
  restore(pid: number): void;
}

/** Does nothing where what was lowered could not be raised again, which the kernel may forbid. */
export function childPriority(mayRaise = mayRaisePriority()): ChildPriority {
  const own = getPriority();
  const set = (id: number, priority: number) => ignoringGone(() => setPriority(id, priority));
  return {
    lower: pid => {
      if (mayRaise && own < STARTING_PRIORITY) set(pid, STARTING_PRIORITY);
    },
    restore: pid => {
      if (!mayRaise) return;
      const done = new Set<string>();
      // A thread that was started meanwhile has the priority of the one that started it.
      for (let before = -1; done.size > before; ) {
        before = done.size;
        for (const thread of threadsOf(pid)) {
          if (done.has(thread)) continue;
          set(Number(thread), own);
          done.add(thread);
        }
      }
    },
  };
}

function threadsOf(pid: number): readonly string[] {
  let threads: readonly string[] = [];
  ignoringGone(() => {
    threads = readdirSync(`/proc/${pid}/task`);
  });
  return threads;
}

interface SystemError extends NodeJS.ErrnoException {
  readonly info?: { readonly code?: string };
}

/**
 * Of a process or a thread that has ended there is nothing to set. What else the system may say
 * must not end a supervisor.
 */
function ignoringGone(work: () => void): void {
  try {
    work();
  } catch (error) {
    // node:os puts what the system said into `info`.
    const { code, info, message } = error as SystemError;
    if (code === 'ENOENT' || info?.code === 'ESRCH') return;
    process.emitWarning(`The priority of a gateway process cannot be set: ${message}.`);
  }
}

/**
 * Whether this process may go back to the priority that it has: CAP_SYS_NICE, or a limit that
 * allows it (`LimitNICE=+0` of systemd). False beside Linux.
 */
export function mayRaisePriority(): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    const capabilities = BigInt(`0x${effective?.[1] ?? '0'}`);
    const isFirst = FIRST_NAMESPACE.test(readFileSync('/proc/self/uid_map', 'utf8'));
    if (isFirst && ((capabilities >> CAP_SYS_NICE) & 1n) === 1n) return true;
    const limit = /^Max nice priority\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return Number(limit?.[1] ?? 0) >= NICE_LIMIT_FROM - getPriority();
  } catch {
    return false;
  }
}
