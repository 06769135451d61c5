/** Where a front thread counts limits: on its host, or with other hosts in Redis. */
import type { Config } from '../core/config.ts';
import type { CounterSet } from '../core/counters.ts';
import type { LimitStore } from '../stores/limit-contract.ts';
import { type HostShared, SharedLimitStore } from '../stores/shared-memory/index.ts';

type Log = (
  level: 'info' | 'warn',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface LimitsOptions {
  readonly config: Config;
  readonly shared: HostShared;
  readonly front: number;
  readonly counters: CounterSet;
  readonly log: Log;
}

export interface FrontLimits {
  readonly ofHost: LimitStore;
  /** Those of the host where each host counts for itself. */
  readonly ofAllHosts: LimitStore;
  close(): void;
}

/** Waits for a connection to Redis, but not for a Redis that is not there. */
export async function openLimits(options: LimitsOptions): Promise<FrontLimits> {
  const { config, shared, front, counters } = options;
  const ofHost = new SharedLimitStore(shared.limits, { front, counters });
  if (config.policy.store === 'host') {
    return { ofHost, ofAllHosts: ofHost, close: () => undefined };
  }
  // Read where it is used alone: most gateways have one host.
  const { RedisConnection, RedisLimitStore } = await import('../stores/redis/index.ts');
  const connection = new RedisConnection({
    ...{ urlFile: config.redis.urlFile!, timeoutMs: config.redis.timeoutMs, counters },
    report: reason => reportRedis(options.log, reason),
  });
  const ofAllHosts = new RedisLimitStore({ connection, host: ofHost, counters });
  await connection.start();
  return {
    ...{ ofHost, ofAllHosts },
    close: () => {
      ofAllHosts.close();
      connection.close();
    },
  };
}

function reportRedis(log: Log, reason: string | undefined): void {
  if (reason === undefined) log('info', 'Redis can be asked again.', {});
  else log('warn', 'Redis cannot be asked: limits are held by each host alone.', { reason });
}
