/** Where a front thread counts limits and keeps nonces: on its host, or with others in Redis. */
import { systemClock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import type { CounterSet } from '../core/counters.ts';
import type { NonceClaims } from '../stores/contracts.ts';
import type { LimitStore } from '../stores/limit-contract.ts';
import {
  type ClosableNonceStore,
  createSharedNonceStore,
  type HostShared,
  SharedLimitStore,
} from '../stores/shared-memory/index.ts';

type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface StoresOptions {
  readonly config: Config;
  readonly shared: HostShared;
  readonly front: number;
  readonly counters: CounterSet;
  readonly log: Log;
}

export interface FrontStores {
  readonly hostLimits: LimitStore;
  /** Those of the host where each host counts for itself. */
  readonly limits: LimitStore;
  readonly nonces: NonceClaims;
  close(): void;
}

/** Waits for a connection to Redis, but not for a Redis that is not there. */
export async function openStores(options: StoresOptions): Promise<FrontStores> {
  const { config, shared, front, counters } = options;
  const hostLimits = new SharedLimitStore(shared.limits, { front, counters });
  const nonces = createSharedNonceStore(shared.nonces, {
    ...{ clock: systemClock, counters },
    onPersistFailed: error => reportNonceFile(options.log, error),
  });
  const host = { hostLimits, limits: hostLimits, nonces, close: () => nonces.close() };
  if (config.policy.store === 'host' && config.signatures.nonceStore === 'host') return host;
  const { limits, fleetNonces, close } = await openRedis(options, hostLimits, nonces);
  return {
    ...{ hostLimits, limits: limits ?? hostLimits, nonces: fleetNonces ?? nonces },
    close: () => {
      close();
      nonces.close();
    },
  };
}

async function openRedis(
  { config, counters, log }: StoresOptions,
  hostLimits: LimitStore,
  hostNonces: ClosableNonceStore,
) {
  // Read where it is used alone: most gateways have one host.
  const { RedisConnection, RedisLimitStore, RedisNonceStore } = await import(
    '../stores/redis/index.ts'
  );
  const { redis, policy, signatures } = config;
  const connection = new RedisConnection({
    ...{ urlFile: redis.urlFile!, timeoutMs: redis.timeoutMs, counters },
    report: reason => reportRedis(log, config, reason),
  });
  const limits =
    policy.store === 'redis'
      ? new RedisLimitStore({ connection, host: hostLimits, counters })
      : undefined;
  const fleetNonces =
    signatures.nonceStore === 'redis'
      ? new RedisNonceStore({
          ...{ connection, host: hostNonces, clock: systemClock, counters },
          clockSkewMs: signatures.clockSkewMs,
        })
      : undefined;
  await connection.start();
  const close = () => {
    limits?.close();
    connection.close();
  };
  return { limits, fleetNonces, close };
}

function reportRedis(log: Log, { policy, signatures }: Config, reason: string | undefined): void {
  if (reason === undefined) {
    log('info', 'Redis can be asked again.', {});
    return;
  }
  const consequences = [
    ...(policy.store === 'redis' ? ['limits are held by each host alone'] : []),
    ...(signatures.nonceStore === 'redis' ? ['signed calls are refused'] : []),
  ];
  log('warn', `Redis cannot be asked: ${consequences.join(', ')}.`, { reason });
}

function reportNonceFile(log: Log, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error);
  log('error', 'Nonces cannot be written any more: the next start will be strict.', { reason });
}
