/** The health of upstreams, as the process log tells it. */
import type { Config } from './core/config.ts';
import type { CounterSet } from './core/counters.ts';
import { UpstreamHealth } from './runtime/upstream-health.ts';
import type { ProcessLog } from './telemetry/process-log.ts';

export function createUpstreamHealth(
  config: Config,
  counters: CounterSet,
  log: ProcessLog,
): UpstreamHealth {
  return new UpstreamHealth({
    fronts: config.fronts.count,
    counters,
    report: ({ upstreamId: upstream, address }, reason) => {
      if (reason === undefined) log.info({ upstream, address }, 'A target is up again.');
      else log.warn({ upstream, address, reason }, 'A target is down.');
    },
  });
}
