/** Where a front thread counts limits and keeps nonces: on its host, or with others in Redis. */
import { systemClock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import type { CounterSet } from '../core/counters.ts';
import type { HostNonceStore, NonceClaims } from '../stores/contracts.ts';
import { MovingNonceStore } from '../stores/handover/moving-nonce-store.ts';
import { NoncesElsewhere } from '../stores/handover/nonces-elsewhere.ts';
import type { LimitStore } from '../stores/limit-contract.ts';
import {
  type ClosableNonceStore,
  createSharedNonceStore,
  type HostShared,
  type NonceShared,
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
  /** The process that this one replaced has ended, and its nonces are in this table. */
  moveNonces(shared: NonceShared): void;
  close(): void;
}

/** Waits for a connection to Redis, but not for a Redis that is not there. */
export async function openStores(options: StoresOptions): Promise<FrontStores> {
  const { config, shared, front, counters } = options;
  const hostLimits = new SharedLimitStore(shared.limits, { front, counters });
  const usesRedis = config.policy.store === 'redis' || config.signatures.nonceStore === 'redis';
  const host = await openHostNonces(options);
  if (!usesRedis) return { hostLimits, limits: hostLimits, ...host };
  const { limits, fleetNonces, close } = await openRedis(options, hostLimits, host.table);
  return {
    ...{ hostLimits, limits: limits ?? hostLimits, nonces: fleetNonces ?? host.nonces },
    moveNonces: host.moveNonces,
    close: () => {
      close();
      host.close();
    },
  };
}

interface HostNonces extends Pick<FrontStores, 'nonces' | 'moveNonces' | 'close'> {
  /** What Redis is asked beside. */
  readonly table: HostNonceStore;
}

/** Those of this host, wherever they are. */
async function openHostNonces({ shared, counters, log }: StoresOptions): Promise<HostNonces> {
  const openTable = (nonces: NonceShared) =>
    createSharedNonceStore(nonces, {
      ...{ clock: systemClock, counters },
      onPersistFailed: error => reportNonceFile(log, error),
    });
  if (typeof shared.nonces !== 'string') {
    const table = openTable(shared.nonces);
    return { nonces: table, table, moveNonces: () => undefined, close: () => table.close() };
  }
  const nonces = new MovingNonceStore(shared.nonces);
  const elsewhere = new NoncesElsewhere();
  let table: ClosableNonceStore | undefined;
  await nonces.ready;
  return {
    ...{ nonces, table: elsewhere },
    moveNonces: moved => {
      table = openTable(moved);
      nonces.moveTo(table);
      elsewhere.moveTo(table);
    },
    close: () => {
      nonces.close();
      table?.close();
    },
  };
}

async function openRedis(
  { config, counters, log }: StoresOptions,
  hostLimits: LimitStore,
  hostNonces: HostNonceStore,
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
