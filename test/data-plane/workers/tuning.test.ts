import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { CounterSet } from '../../../src/core/counters.ts';
import { createCheckPool } from '../../../src/data-plane/workers/index.ts';
import { fakePool } from './fake-workers.ts';
import { poolConfig } from './pool-config.ts';
import { keyEntry, signedCheck, signerFor, TestCheck } from './signed-checks.ts';

/** Starting threads is slow on a busy host. */
vi.setConfig({ testTimeout: 30_000 });

const RSA = keyEntry('a', 'rsa-v1_5-sha256', Buffer.alloc(64, 1));
const HMAC = keyEntry('a', 'hmac-sha256', Buffer.alloc(64, 1));
const checksOf = (count: number, entry = RSA) =>
  Array.from({ length: count }, (_, i) => new TestCheck(entry, { base: `check ${i}` }));

describe('a pool that is tuned', () => {
  it('sends batches to workers that were added', () => {
    const { pool, workers } = fakePool({ count: 1 });
    for (const check of checksOf(4)) pool.submit(check);
    expect(workers.held).toHaveLength(1);
    pool.tune(poolConfig({ count: 3 }));
    expect(workers.held.map(({ bases }) => bases.length)).toEqual([1, 2, 1]);
    expect(new Set(workers.held.map(({ progressCell }) => progressCell)).size).toBe(3);
  });

  it('holds what comes then to the new bounds', async () => {
    const { pool, workers } = fakePool();
    for (const check of checksOf(10)) pool.submit(check);
    pool.tune(poolConfig({ batchMax: 2, queueMax: 9 }));
    expect(pool.submit(checksOf(1)[0]!)).toBe('verify-saturated');
    await workers.finish();
    expect(workers.held[0]!.bases).toHaveLength(2);
    expect(pool.submit(checksOf(1)[0]!)).toBeUndefined();
  });

  it('runs a kind of work where it is told to', () => {
    const { pool, workers } = fakePool({ placement: 'auto' });
    pool.tune(poolConfig({ placements: { 'hmac-sha256': 'pool', 'rsa-v1_5-sha256': 'inline' } }));
    expect(pool.submit(checksOf(1, HMAC)[0]!)).toBeUndefined();
    expect(workers.held).toHaveLength(1);
    expect(pool.submit(checksOf(1, RSA)[0]!)).toBe('failed');
    const { kinds } = pool.read();
    const asked = kinds.filter(kind => kind.asked > 0).map(kind => [kind.kind, kind.asked]);
    expect(asked).toEqual([
      ['rsa-v1_5-sha256', 1],
      ['hmac-sha256', 1],
    ]);
    const runs = new Map(kinds.map(kind => [kind.kind, kind.runs]));
    expect(
      ['hmac-sha256', 'rsa-v1_5-sha256', 'ed25519'].map(kind => runs.get(kind as never)),
    ).toEqual(['pool', 'inline', 'pool']);
  });

  it('lets what waits come to a worker before the last one goes', async () => {
    const { pool, workers } = fakePool({ placement: 'pool' });
    const waiting = checksOf(2);
    for (const check of waiting) pool.submit(check);
    pool.tune(poolConfig({ placement: 'inline' }));
    expect(workers.count).toBe(1);
    await workers.finish();
    await workers.finish();
    await vi.waitFor(() => expect(workers.count).toBe(0));
    expect(waiting.map(({ outcomes }) => outcomes)).toEqual([['valid'], ['valid']]);
  });

  it('tells what it did, and who used it', async () => {
    const { pool, workers, clock } = fakePool();
    for (const check of checksOf(3)) pool.submit(check);
    clock.ms += 4;
    await workers.finish('valid', 1_000);
    const reading = pool.read();
    expect(reading).toMatchObject({ workers: 1, queueLength: 0, batches: 2, jobs: 1 });
    expect(reading.waitMs).toBeCloseTo(3);
    expect(reading.serviceMs).toBeCloseTo(1);
    expect(reading.lanes).toEqual([{ app: 'a', waiting: 0, takenMicros: 99 }]);
    expect(pool.read().lanes).toEqual([]);
  });
});

describe('worker threads that are tuned', () => {
  it('come and go while checks run, and lose none', async () => {
    const config = poolConfig({ placement: 'pool', count: 1, batchMax: 8, queueMax: 100_000 });
    const pool = createCheckPool({ config, counters: new CounterSet() });
    await pool.ready();
    const template = signedCheck(signerFor('ed25519'), 'app');
    const checks: TestCheck[] = [];
    for (const count of [3, 1, 4, 2, 1, 3, 1]) {
      for (let i = 0; i < 300; i++) {
        const check = new TestCheck(template.entry, template);
        checks.push(check);
        pool.submit(check);
      }
      pool.tune({ ...config, count });
      await delay(30);
    }
    await pool.drain();
    expect(checks.every(({ outcomes }) => outcomes.length === 1 && outcomes[0] === 'valid')).toBe(
      true,
    );
    await vi.waitFor(() => expect(pool.stats().workers).toBe(1), { timeout: 10_000 });
    await pool.close();
    expect(pool.stats().workers).toBe(0);
  });

  it('start one after another, and all that are wanted', async () => {
    const config = poolConfig({ placement: 'pool', count: 1 });
    const pool = createCheckPool({ config, counters: new CounterSet() });
    await pool.ready();
    pool.tune({ ...config, count: 4 });
    expect(pool.stats().workers).toBe(2);
    await vi.waitFor(() => expect(pool.stats().workers).toBe(4), { timeout: 20_000 });
    // One that is starting while fewer are wanted goes when it has started.
    pool.tune({ ...config, count: 6 });
    pool.tune({ ...config, count: 1 });
    pool.tune({ ...config, count: 3 });
    await vi.waitFor(() => expect(pool.stats().workers).toBe(3), { timeout: 20_000 });
    await pool.close();
  });

  it('stay where they serve already, and those that only start go', async () => {
    const config = poolConfig({ placement: 'pool', count: 1 });
    const pool = createCheckPool({ config, counters: new CounterSet() });
    await pool.ready();
    const threadIds = async () => (await pool.workerCpu()).map(({ threadId }) => threadId);
    const before = await threadIds();
    pool.tune({ ...config, count: 4 });
    pool.tune({ ...config, count: 1 });
    await vi.waitFor(() => expect(pool.stats().workers).toBe(1), { timeout: 20_000 });
    expect(await threadIds()).toEqual(before);
    await pool.close();
  });

  it('are started where there were none', async () => {
    const config = poolConfig({ placement: 'inline' });
    const pool = createCheckPool({ config, counters: new CounterSet() });
    await pool.ready();
    expect(pool.stats().workers).toBe(0);
    pool.tune({ ...config, placement: 'pool', count: 2 });
    const template = signedCheck(signerFor('ed25519'), 'app');
    const submit = () => {
      const check = new TestCheck(template.entry, template);
      return { check, outcome: pool.submit(check) };
    };
    // Nobody waits for the first of them to load its code.
    expect(submit().outcome).toBe('valid');
    const pooled = await vi.waitFor(() => {
      const { check, outcome } = submit();
      expect(outcome).toBeUndefined();
      return check;
    }, 20_000);
    await pooled.settled;
    expect(pooled.outcomes).toEqual(['valid']);
    await pool.close();
  });
});
