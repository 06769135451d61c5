/** What the gateway does when its memory gets short. */
import type { Config } from './core/config.ts';
import type { CounterSet } from './core/counters.ts';
import type { FrontThreads } from './runtime/front-threads.ts';
import { cgroupMemoryMb, MemoryWatch } from './runtime/memory-watch.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

interface MemoryParts {
  readonly config: Config;
  readonly counters: CounterSet;
  readonly log: ProcessLog;
  readonly fronts: FrontThreads;
}

/** Undefined where nothing bounds the memory of this process. */
export function watchMemory({
  config,
  counters,
  log,
  fronts,
}: MemoryParts): MemoryWatch | undefined {
  const limitMb = config.limits.memoryMaxMb || cgroupMemoryMb();
  if (limitMb === undefined) return undefined;
  return new MemoryWatch({
    limitMb,
    tell: isShort => fronts.tellMemory(isShort),
    report: (isShort, residentMb) => {
      counters.set('memory_short', isShort ? 1 : 0);
      const fields = { residentMb, limitMb };
      if (isShort) log.warn(fields, 'Memory is short: large bodies and sessions are refused.');
      else log.info(fields, 'There is enough memory again.');
    },
  });
}
