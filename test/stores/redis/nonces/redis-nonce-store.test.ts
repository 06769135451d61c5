import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { CounterSet } from '../../../../src/core/counters.ts';
import type { HostNonceStore, NonceOutcome } from '../../../../src/stores/contracts.ts';
import { MemoryNonceStore } from '../../../../src/stores/memory/nonce-store.ts';
import { RedisConnection } from '../../../../src/stores/redis/connection.ts';
import { RedisNonceStore } from '../../../../src/stores/redis/nonces/redis-nonce-store.ts';
import { eventually } from '../../../support/eventually.ts';
import { hasRedis, RedisServer } from '../../../support/redis.ts';

const TIMEOUT_MS = 500;
/** Beyond it a busy machine would have calls refused. */
const PATIENT_MS = 10_000;
const SKEW_MS = 5_000;
const WINDOW_MS = 60_000;

/** A host's own nonces. */
class HostMemory implements HostNonceStore {
  acceptCreatedAfterMs = 0;
  private readonly nonces = new MemoryNonceStore(10_000, systemClock);

  claim(...claim: Parameters<MemoryNonceStore['claim']>) {
    return this.nonces.claim(...claim);
  }

  refuseCreatedUntil(createdMs: number): void {
    this.acceptCreatedAfterMs = Math.max(this.acceptCreatedAfterMs, createdMs);
  }
}

class Host {
  readonly counters = new CounterSet();
  readonly memory = new HostMemory();
  readonly reports: (string | undefined)[] = [];
  readonly connection: RedisConnection;
  readonly store: RedisNonceStore;

  constructor(server: RedisServer, timeoutMs = PATIENT_MS) {
    const { counters } = this;
    this.connection = new RedisConnection({
      ...{ urlFile: server.urlFile, timeoutMs, counters },
      report: reason => void this.reports.push(reason),
    });
    this.store = new RedisNonceStore({
      ...{ connection: this.connection, host: this.memory, clock: systemClock, counters },
      clockSkewMs: SKEW_MS,
    });
  }

  claim(nonce: string): Promise<NonceOutcome> {
    const { promise, resolve } = Promise.withResolvers<NonceOutcome>();
    const expiresAtMs = Date.now() + WINDOW_MS;
    const outcome = this.store.claim('app', nonce, expiresAtMs, { settleNonce: resolve });
    return outcome === 'later' ? promise : Promise.resolve(outcome);
  }
}

// Where Redis is not installed.
describe.skipIf(!hasRedis)('nonces in Redis', () => {
  let server: RedisServer;
  let hosts: Host[];
  let first: Host;
  let second: Host;

  async function startWith(settings: Readonly<Record<string, string>>): Promise<void> {
    server = await RedisServer.start({ settings });
    hosts = [new Host(server), new Host(server)];
    [first, second] = hosts as [Host, Host];
    await Promise.all(hosts.map(({ connection }) => connection.start()));
  }

  const areUp = () => hosts.map(({ connection }) => connection.isUp);

  beforeEach(() => startWith({}));
  afterEach(async () => {
    for (const { connection } of hosts) connection.close();
    await server.dispose();
  });

  it('are fresh once, on whichever host', async () => {
    expect(await first.claim('n-1')).toBe('fresh');
    expect(await first.claim('n-1')).toBe('seen');
    expect(await second.claim('n-1')).toBe('seen');
    expect(await second.claim('n-2')).toBe('fresh');
  });

  it('are fresh once where both hosts ask at one moment, in one round trip each', async () => {
    const nonces = Array.from({ length: 200 }, (_, i) => `at-once-${i}`);
    const both = hosts.map(host => Promise.all(nonces.map(nonce => host.claim(nonce))));
    const [ofFirst, ofSecond] = await Promise.all(both);
    expect(ofFirst!.map((outcome, i) => [outcome, ofSecond![i]].sort())).toEqual(
      nonces.map(() => ['fresh', 'seen']),
    );
    // One of them is the attach.
    expect(first.counters.get('redis_round_trips')).toBe(2);
  });

  it('are remembered for as long as a host whose clock is behind accepts them', async () => {
    await first.claim('n-1');
    const [key] = (await server.run('KEYS', '{xingyun}:nonce:*')) as string[];
    expect(Number(await server.run('PTTL', key!))).toBeGreaterThan(WINDOW_MS);
    expect(Number(await server.run('PTTL', key!))).toBeLessThan(WINDOW_MS + 2_000);
  });

  it('of before are not accepted once Redis was emptied, by no host', async () => {
    await first.claim('n-1');
    const emptiedMs = Date.now();
    await server.run('FLUSHALL');
    expect(await first.claim('n-2')).toBe('unavailable');
    expect(await second.claim('n-1')).toBe('unavailable');
    await eventually(areUp).toEqual([true, true]);
    for (const { store } of hosts) {
      expect(store.acceptCreatedAfterMs).toBeGreaterThan(emptiedMs + SKEW_MS);
      expect(store.acceptCreatedAfterMs).toBeLessThan(Date.now() + SKEW_MS + 2_000);
    }
    expect(await second.claim('n-3')).toBe('fresh');
  });

  it('of before are not accepted by a host that was away when Redis was emptied', async () => {
    first.connection.close();
    await server.run('FLUSHALL');
    await second.claim('n-1');
    await eventually(() => second.connection.isUp).toBe(true);
    const late = new Host(server);
    hosts.push(late);
    await late.connection.start();
    expect(late.store.acceptCreatedAfterMs).toBe(second.store.acceptCreatedAfterMs);
  });

  it.each([
    ['nothing', { appendonly: 'no' }],
    ['everything', { appendonly: 'yes' }],
  ])('are refused while Redis is gone, and of before when it is back with %s', async (_, kept) => {
    for (const { connection } of hosts) connection.close();
    await server.dispose();
    await startWith(kept);
    expect(await first.claim('n-1')).toBe('fresh');
    await server.kill();
    await eventually(areUp).toEqual([false, false]);
    const startedMs = performance.now();
    expect(await second.claim('n-2')).toBe('unavailable');
    expect(performance.now() - startedMs).toBeLessThan(100);
    expect(second.counters.get('nonces_unavailable')).toBe(1);
    const bootedMs = Date.now();
    await server.boot();
    await eventually(areUp).toEqual([true, true]);
    expect(second.store.acceptCreatedAfterMs).toBeGreaterThan(bootedMs + SKEW_MS);
    // It was not spent on this host.
    expect(await second.claim('n-2')).toBe('fresh');
  });

  it('are not kept by a Redis that would evict them', async () => {
    await server.run('CONFIG', 'SET', 'maxmemory', '100mb');
    await server.run('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lru');
    const late = new Host(server);
    hosts.push(late);
    await late.connection.start();
    expect(await late.claim('n-1')).toBe('unavailable');
    expect(late.reports).toEqual([expect.stringContaining('maxmemory-policy')]);
    await server.run('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await eventually(() => late.connection.isUp).toBe(true);
  });

  it('are refused in time while Redis stands still, and no replay of them is fresh', async () => {
    const hasty = new Host(server, TIMEOUT_MS);
    hosts.push(hasty);
    await hasty.connection.start();
    server.freeze();
    const startedMs = performance.now();
    expect(await hasty.claim('n-1')).toBe('unavailable');
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS + 1_000);
    server.thaw();
    await eventually(() => hasty.connection.isUp).toBe(true);
    expect(await hasty.claim('n-1')).toBe('seen');
    // The same Redis: it has forgotten nothing.
    expect(hasty.store.acceptCreatedAfterMs).toBeLessThan(Date.now() + SKEW_MS + 1_000);
  });
});
