import { describe, expect, it, vi } from 'vitest';
import type { Check } from '../../../src/core/check.ts';
import { BATCH_COST_MAX_MICROS } from '../../../src/data-plane/workers/batch-bounds.ts';
import { costMicros, fakePool } from './fake-workers.ts';
import { digestOf, keyEntry, signedCheck, signerFor, TestCheck } from './signed-checks.ts';

const MATERIAL = Buffer.alloc(64, 1);
const rsaKey = (app: string) => keyEntry(app, 'rsa-v1_5-sha256', MATERIAL);
const A = rsaKey('a');
const B = rsaKey('b');
let names = 0;
const rsaCheck = (entry = A, base = `check ${++names}`) => new TestCheck(entry, { base });
const submitAll = (pool: { submit(check: Check): unknown }, checks: readonly Check[]) =>
  checks.map(check => pool.submit(check));

describe('batches', () => {
  it('leave with one check while a worker is idle, and gather while none is', async () => {
    const { pool, workers, counters } = fakePool();
    const checks = Array.from({ length: 10 }, () => rsaCheck());
    submitAll(pool, checks);
    expect(workers.held.map(({ bases }) => bases.length)).toEqual([1]);
    expect(counters.get('verify_queue_length')).toBe(9);
    await workers.finish();
    expect(workers.held.map(({ bases }) => bases)).toEqual([
      checks.slice(1).map(({ base }) => base),
    ]);
    await workers.finish();
    expect(checks.map(({ outcomes }) => outcomes)).toEqual(checks.map(() => ['valid']));
    expect(counters.get('verify_queue_length')).toBe(0);
    expect(counters.get('verify_batches')).toBe(2);
    expect(counters.get('verify_pooled')).toBe(10);
    expect(pool.stats()).toMatchObject({ batches: 2, checksInFlight: 0, batchesInFlight: 0 });
    expect(pool.stats().batchSizes.slice(0, 5)).toEqual([1, 0, 0, 0, 1]);
  });

  it('hold at most batchMax checks', async () => {
    const { pool, workers } = fakePool({ batchMax: 4 });
    submitAll(
      pool,
      Array.from({ length: 10 }, () => rsaCheck()),
    );
    const sizes: number[] = [];
    while (workers.held.length > 0) sizes.push((await workers.finish()).bases.length);
    expect(sizes).toEqual([1, 4, 4, 1]);
  });

  it('hold at most so much estimated work', async () => {
    const { pool, workers } = fakePool({ batchMax: 1_024 });
    const slow = keyEntry('slow', 'ed25519', MATERIAL);
    submitAll(
      pool,
      Array.from({ length: 100 }, () => rsaCheck(slow)),
    );
    await workers.finish();
    const most = Math.floor(BATCH_COST_MAX_MICROS / 110);
    expect(workers.held[0]!.bases).toHaveLength(most);
  });

  it('go to every idle worker', () => {
    const { pool, workers } = fakePool({ count: 3 });
    submitAll(
      pool,
      Array.from({ length: 5 }, () => rsaCheck()),
    );
    expect(workers.held.map(({ bases }) => bases.length)).toEqual([1, 1, 1]);
    expect(new Set(workers.held.map(({ progressCell }) => progressCell)).size).toBe(3);
    expect(pool.stats().queueLength).toBe(2);
  });

  it('keep the worker busy before the callers of the last batch are told', async () => {
    const { pool, workers } = fakePool();
    const first = rsaCheck();
    const heldThen: number[] = [];
    first.settled.then(() => {});
    first.settle = () => heldThen.push(workers.held.length);
    submitAll(pool, [first, rsaCheck()]);
    await workers.finish();
    expect(heldThen).toEqual([1]);
  });

  it('use their buffers again', async () => {
    const { pool, workers } = fakePool();
    const buffers = new Set<ArrayBuffer>();
    for (let i = 0; i < 50; i++) {
      submitAll(pool, [rsaCheck(), rsaCheck()]);
      while (workers.held.length > 0) buffers.add((await workers.finish()).buffer);
    }
    expect(buffers.size).toBeLessThanOrEqual(2);
    expect(pool.stats().buffersFree).toBe(buffers.size);
  });

  it('take a body of any size', async () => {
    const { pool, workers } = fakePool();
    const body = Buffer.alloc(3_000_000, 'b');
    const check = new TestCheck(A, { body, digests: [digestOf('sha-256', body)] });
    pool.submit(check);
    expect((await workers.finish()).buffer.byteLength).toBeGreaterThan(body.length);
    expect(check.outcomes).toEqual(['valid']);
    expect(pool.stats().buffersFree).toBe(0);
  });
});

describe('times', () => {
  it('tell what was wait and what was service', async () => {
    const { pool, workers, clock } = fakePool();
    const check = rsaCheck();
    pool.submit(check);
    clock.ms += 7;
    await workers.finish('valid', 2_000);
    expect(check.serviceMs).toBeCloseTo(2, 5);
    expect(check.waitMs).toBeCloseTo(5, 5);
  });

  it('are set before a check is settled', async () => {
    const { pool, workers, clock } = fakePool();
    const check = rsaCheck();
    const seen: number[] = [];
    check.settle = () => seen.push(check.waitMs, check.serviceMs);
    pool.submit(check);
    clock.ms += 3;
    await workers.finish('signature-invalid', 1_000);
    expect(seen).toEqual([2, 1]);
  });
});

describe('placement', () => {
  const hmac = signerFor('hmac-sha256');

  it('auto runs what is cheap at once and sends the rest to a worker', () => {
    const { pool, workers, counters } = fakePool();
    const cheap = signedCheck(hmac, 'a');
    expect(pool.submit(cheap)).toBe('valid');
    expect(cheap.outcomes).toEqual([]);
    expect(cheap.waitMs).toBe(0);
    expect(pool.submit(rsaCheck())).toBeUndefined();
    expect(workers.held).toHaveLength(1);
    expect(counters.get('verify_inline')).toBe(1);
  });

  it('auto counts the digests of a large body', () => {
    const { pool } = fakePool();
    const { entry, base, signature } = signedCheck(hmac, 'a');
    const body = Buffer.alloc(20_000);
    const digests = [digestOf('sha-256', body)];
    expect(pool.submit(new TestCheck(entry, { base, signature, body, digests }))).toBeUndefined();
  });

  it('inline runs everything at once and has no workers', async () => {
    const { pool } = fakePool({ placement: 'inline' });
    expect(pool.submit(signedCheck(signerFor('ecdsa-p384-sha384'), 'a'))).toBe('valid');
    const { entry, base } = signedCheck(hmac, 'a');
    expect(pool.submit(new TestCheck(entry, { base }))).toBe('signature-invalid');
    expect(pool.submit(rsaCheck())).toBe('failed');
    expect(pool.stats().workers).toBe(0);
    expect(await pool.workerCpu()).toEqual([]);
    await pool.ready();
    await pool.close();
  });

  it('pool sends everything to a worker', () => {
    const { pool, workers } = fakePool({ placement: 'pool' });
    expect(pool.submit(signedCheck(hmac, 'a'))).toBeUndefined();
    expect(workers.held).toHaveLength(1);
  });

  it('is told with the costs behind it', () => {
    const placements = (placement: 'auto' | 'inline' | 'pool') =>
      Object.fromEntries(
        fakePool({ placement })
          .pool.read()
          .kinds.map(({ kind, runs }) => [kind, runs]),
      );
    expect(placements('auto')).toMatchObject({ 'hmac-sha256': 'inline', ed25519: 'pool' });
    expect(placements('inline')).toMatchObject({ 'hmac-sha256': 'inline', ed25519: 'inline' });
    expect(placements('pool')).toMatchObject({ 'hmac-sha256': 'pool', ed25519: 'pool' });
  });
});

describe('a full queue', () => {
  it('refuses the app that filled it and still admits another', async () => {
    const { pool, workers, counters } = fakePool({ queueMax: 4 });
    const flood = Array.from({ length: 5 }, () => rsaCheck(A));
    submitAll(pool, flood);
    const refused = rsaCheck(A);
    expect(pool.submit(refused)).toBe('verify-saturated');
    expect([refused.waitMs, refused.serviceMs]).toEqual([Number.NaN, Number.NaN]);
    const other = rsaCheck(B);
    expect(pool.submit(other)).toBeUndefined();
    expect(flood[4]!.serviceMs).toBe(0);
    expect(flood.map(({ outcomes }) => outcomes)).toEqual([[], [], [], [], ['verify-saturated']]);
    expect(counters.get('verify_saturated')).toBe(2);
    expect(pool.stats()).toMatchObject({ queueLength: 4, lanes: 2, checksInFlight: 5 });
    while (workers.held.length > 0) await workers.finish();
    expect(other.outcomes).toEqual(['valid']);
    expect(flood.slice(0, 4).flatMap(({ outcomes }) => outcomes)).toHaveLength(4);
  });

  it('is in order again before the loser is told', async () => {
    const { pool, workers } = fakePool({ queueMax: 2 });
    const flood = Array.from({ length: 3 }, () => rsaCheck(A));
    submitAll(pool, flood);
    const again = rsaCheck(B);
    const outcomes: unknown[] = [];
    // The loser's caller comes straight back, from inside the call that cost it its place.
    flood[2]!.settle = () => outcomes.push(pool.submit(again));
    const other = rsaCheck(B);
    expect(pool.submit(other)).toBeUndefined();
    expect(outcomes).toEqual(['verify-saturated']);
    while (workers.held.length > 0) await workers.finish();
    expect(other.outcomes).toEqual(['valid']);
    expect(pool.stats().checksInFlight).toBe(0);
  });
});

describe('a flooding app', () => {
  it('with checks fifty times as costly delays another by two batches at most', async () => {
    const { pool, workers, clock } = fakePool();
    const costly = keyEntry('flood', 'ecdsa-p384-sha384', MATERIAL);
    const byBase = new Map<string, Check>();
    const submit = (check: TestCheck) => {
      byBase.set(check.base, check);
      return pool.submit(check);
    };
    for (let i = 0; i < 2_000; i++) submit(rsaCheck(costly));
    const modest: TestCheck[] = [];
    for (let batch = 0; batch < 300; batch++) {
      const check = rsaCheck(B);
      modest.push(check);
      submit(check);
      // The worker takes exactly as long as the costs say.
      const micros = workers.held[0]!.bases.reduce(
        (sum, base) => sum + costMicros(byBase.get(base)!),
        0,
      );
      clock.ms += micros / 1_000;
      await workers.finish();
    }
    const done = modest.filter(({ outcomes }) => outcomes.length > 0);
    expect(done.length).toBeGreaterThan(297);
    const worstMs = Math.max(...done.map(({ waitMs }) => waitMs));
    expect(worstMs).toBeLessThanOrEqual((2 * BATCH_COST_MAX_MICROS) / 1_000);
    expect(clock.ms).toBeGreaterThan(300);
  });
});

describe('a lost worker', () => {
  it('costs its batch a second run and nothing else', async () => {
    const { pool, workers, counters, progress } = fakePool();
    const checks = Array.from({ length: 4 }, () => rsaCheck());
    submitAll(pool, checks);
    await workers.finish();
    await workers.lose(progress, 1);
    expect(workers.held[0]!.bases).toHaveLength(3);
    await workers.finish();
    expect(checks.flatMap(({ outcomes }) => outcomes)).toEqual(checks.map(() => 'valid'));
    expect(counters.get('verify_batches_retried')).toBe(1);
    expect(pool.stats().lastWorkerError).toContain('worker lost');
    expect(counters.get('verify_items_poisoned')).toBe(0);
  });

  it('twice under the same check: it fails alone', async () => {
    const { pool, workers, counters, progress } = fakePool();
    const checks = Array.from({ length: 4 }, () => rsaCheck());
    submitAll(pool, checks);
    await workers.finish();
    await workers.lose(progress, 1);
    await workers.lose(progress, 1);
    while (workers.held.length > 0) await workers.finish();
    expect(checks.map(({ outcomes }) => outcomes[0])).toEqual([
      'valid',
      'valid',
      'failed',
      'valid',
    ]);
    expect(counters.get('verify_items_poisoned')).toBe(1);
  });

  it('goes before what came later', async () => {
    const { pool, workers, progress } = fakePool();
    const first = rsaCheck();
    submitAll(pool, [first, rsaCheck()]);
    await workers.lose(progress);
    expect(workers.held[0]!.bases).toEqual([first.base]);
  });

  it('is waited for, and what waits goes when one comes', async () => {
    const { pool, workers } = fakePool();
    workers.count = 0;
    const check = rsaCheck();
    expect(pool.submit(check)).toBeUndefined();
    expect(workers.held).toHaveLength(0);
    workers.count = 1;
    workers.onAvailable();
    await workers.finish();
    expect(check.outcomes).toEqual(['valid']);
    await pool.close();
  });

  it('is not waited for without end', async () => {
    const { pool, workers } = fakePool({}, 1);
    workers.count = 0;
    const checks = [rsaCheck(A), rsaCheck(B)];
    submitAll(pool, checks);
    expect(await Promise.all(checks.map(({ settled }) => settled))).toEqual(['failed', 'failed']);
    expect(pool.stats()).toMatchObject({ queueLength: 0, checksInFlight: 0 });
  });
});

describe('a batch that takes too long', () => {
  it('is given up', async () => {
    const { pool, workers } = fakePool({ batchTimeoutMs: 50 });
    pool.submit(rsaCheck());
    const batch = workers.held[0]!;
    await expect.poll(() => batch.givenUp).toBe(true);
  });
});

describe('a settle that throws', () => {
  it('surfaces as an uncaught error after the others have their outcome', async () => {
    const { pool, workers } = fakePool();
    const bad = rsaCheck();
    const good = rsaCheck();
    bad.settle = () => {
      throw new Error('bug in the caller');
    };
    submitAll(pool, [rsaCheck(), bad, good]);
    const surfaced: unknown[] = [];
    const queue = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(task => {
      try {
        task();
      } catch (error) {
        surfaced.push(error);
      }
    });
    await workers.finish();
    await workers.finish();
    queue.mockRestore();
    expect(good.outcomes).toEqual(['valid']);
    expect(surfaced).toEqual([new Error('bug in the caller')]);
    expect(pool.stats().checksInFlight).toBe(0);
  });
});

describe('closing', () => {
  it('settles what was admitted, refuses what comes, then ends the workers', async () => {
    const { pool, workers, counters } = fakePool();
    const checks = Array.from({ length: 5 }, () => rsaCheck());
    submitAll(pool, checks);
    const closed = pool.close();
    expect(pool.submit(rsaCheck())).toBe('verify-saturated');
    expect(workers.destroyed).toBe(false);
    await workers.finish();
    await workers.finish();
    await closed;
    expect(checks.flatMap(({ outcomes }) => outcomes)).toEqual(checks.map(() => 'valid'));
    expect(workers.destroyed).toBe(true);
    expect(pool.submit(signedCheck(signerFor('hmac-sha256'), 'a'))).toBe('verify-saturated');
    expect(pool.close()).toBe(pool.close());
    expect(counters.get('verify_saturated')).toBe(0);
  });

  it('has a drain that leaves the pool open', async () => {
    const { pool, workers } = fakePool();
    await pool.drain();
    pool.submit(rsaCheck());
    let drained = false;
    const drain = pool.drain().then(() => {
      drained = true;
    });
    await Promise.resolve();
    expect(drained).toBe(false);
    await workers.finish();
    await drain;
    expect(pool.submit(rsaCheck())).toBeUndefined();
  });
});
