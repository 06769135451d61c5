import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import type { Check } from '../../../src/core/check.ts';
import { CounterSet } from '../../../src/core/counters.ts';
import { SIGNATURE_ALGORITHMS } from '../../../src/core/snapshot.ts';
import { createCheckPool } from '../../../src/data-plane/workers/index.ts';
import { openHandles, poolConfig } from './pool-config.ts';
import { digestOf, keyEntry, signedCheck, signerFor, TestCheck } from './signed-checks.ts';

/** Starting threads is slow on a busy host. */
vi.setConfig({ testTimeout: 30_000 });

const BODY = Buffer.from('{"amount":"10.00"}');

async function startPool(overrides: Parameters<typeof poolConfig>[0] = {}) {
  const counters = new CounterSet();
  const pool = createCheckPool({
    config: poolConfig({ placement: 'pool', ...overrides }),
    counters,
  });
  await pool.ready();
  return { pool, counters, [Symbol.asyncDispose]: () => pool.close() };
}

const withDigest = (check: TestCheck, digestBody: Uint8Array) => {
  const { entry, base, signature } = check;
  const digests = [digestOf('sha-256', digestBody), digestOf('sha-512', digestBody)];
  return new TestCheck(entry, { base, signature, body: BODY, digests });
};

describe('worker threads', () => {
  it('tell once a second how late their loops were and what their heaps hold', async () => {
    await using pooled = await startPool({ count: 2 });
    const told = () => pooled.pool.workerCpu().then(all => all.map(({ loop }) => loop));
    await vi.waitFor(async () => expect(await told()).not.toContain(undefined), 10_000);
    const loops = (await told()).map(loop => loop!);
    expect(new Set(loops.map(({ threadId }) => threadId)).size).toBe(2);
    for (const { p50Seconds, p99Seconds, maxSeconds, heapUsedBytes, heapTotalBytes } of loops) {
      expect(p99Seconds).toBeGreaterThanOrEqual(p50Seconds);
      expect(maxSeconds).toBeGreaterThanOrEqual(p99Seconds);
      expect(heapUsedBytes).toBeGreaterThan(1_000_000);
      expect(heapTotalBytes).toBeGreaterThanOrEqual(heapUsedBytes);
    }
  });

  it('give every outcome that the front thread gives, for every algorithm', async () => {
    await using pooled = await startPool({ count: 2 });
    await using inline = await startPool({ placement: 'inline' });
    const checks = SIGNATURE_ALGORITHMS.flatMap(algorithm => {
      const good = signedCheck(signerFor(algorithm), `app-${algorithm}`);
      const { entry, signature } = good;
      const noKey = keyEntry('no-key', algorithm, Buffer.alloc(0));
      return [
        good,
        withDigest(good, BODY),
        withDigest(good, Buffer.from('{}')),
        new TestCheck(entry, { base: 'other', signature }),
        new TestCheck(entry, { signature: signature.subarray(1) }),
        new TestCheck(noKey, { signature }),
      ];
    });
    const expected = checks.map(() => [
      'valid',
      'valid',
      'digest-mismatch',
      'signature-invalid',
      'signature-invalid',
      'failed',
    ]);
    expect(checks.map(check => inline.pool.submit(check))).toEqual(
      expected.slice(0, SIGNATURE_ALGORITHMS.length).flat(),
    );
    for (const check of checks) expect(pooled.pool.submit(check)).toBeUndefined();
    expect(await Promise.all(checks.map(({ settled }) => settled))).toEqual(
      expected.slice(0, SIGNATURE_ALGORITHMS.length).flat(),
    );
    expect(pooled.counters.get('verify_pooled')).toBe(checks.length);
    for (const check of checks) expect(check.serviceMs).toBeGreaterThan(0);
  });

  it('settle thousands of checks of many apps exactly once and keep few buffers', async () => {
    await using running = await startPool({ count: 2, queueMax: 10_000 });
    const signer = signerFor('ed25519');
    const templates = Array.from({ length: 20 }, (_, i) => signedCheck(signer, `app-${i}`));
    const checks = Array.from({ length: 3_000 }, (_, i) => {
      const { entry, base, signature } = templates[i % 20]!;
      return new TestCheck(entry, { base: i % 7 === 0 ? 'forged' : base, signature });
    });
    for (const check of checks) running.pool.submit(check);
    await running.pool.drain();
    checks.forEach((check, i) => {
      expect(check.outcomes).toEqual([i % 7 === 0 ? 'signature-invalid' : 'valid']);
    });
    const stats = running.pool.stats();
    expect(stats).toMatchObject({ checksInFlight: 0, queueLength: 0, lanes: 0, workers: 2 });
    expect(stats.buffersFree).toBeLessThanOrEqual(4);
    expect(stats.batches).toBeLessThan(1_000);
  });

  it('tell what CPU they used', async () => {
    await using running = await startPool({ count: 2 });
    const readings = await running.pool.workerCpu();
    expect(readings).toHaveLength(2);
    for (const { userMicros, utilization } of readings) {
      expect(userMicros).toBeGreaterThan(0);
      expect(utilization).toBeGreaterThanOrEqual(0);
      expect(utilization).toBeLessThanOrEqual(1);
    }
  });

  it('measure costs in the order that the algorithms have', async () => {
    await using running = await startPool({ placement: 'auto' });
    const costs = new Map(running.pool.costs().map(({ kind, micros }) => [kind, micros]));
    for (const micros of costs.values()) expect(micros).toBeGreaterThan(0);
    expect(costs.get('hmac-sha256')).toBeLessThan(costs.get('rsa-v1_5-sha256')!);
    expect(costs.get('rsa-v1_5-sha256')).toBeLessThan(costs.get('ecdsa-p384-sha384')!);
    expect(costs.get('sha-256-per-kib')).toBeLessThan(costs.get('rsa-v1_5-sha256')!);
  });

  it('are nested in a front thread', async () => {
    const front = new Worker(new URL('nested-front.ts', import.meta.url));
    // Listened for from the start: on a busy machine the end comes together with the message.
    const exited = once(front, 'exit');
    const [outcomes] = await once(front, 'message');
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => 'valid'));
    // It ends by itself: a pool that is closed holds nothing.
    expect(await exited).toEqual([0]);
  });

  it('leave nothing behind when closed, and settle what was admitted', async () => {
    const before = openHandles();
    const running = await startPool({ count: 2 });
    const signer = signerFor('ecdsa-p384-sha384');
    const checks: Check[] = Array.from({ length: 50 }, (_, i) => signedCheck(signer, `app-${i}`));
    for (const check of checks) running.pool.submit(check);
    await running.pool.close();
    expect((checks as TestCheck[]).map(({ outcomes }) => outcomes)).toEqual(
      checks.map(() => ['valid']),
    );
    expect(running.pool.stats().workers).toBe(0);
    await new Promise(setImmediate);
    expect(openHandles()).toBeLessThanOrEqual(before);
  });

  it('that cannot start make ready reject with the reason', async () => {
    const pool = createCheckPool({
      config: poolConfig(),
      counters: new CounterSet(),
      taskFile: new URL('no-such-task.ts', import.meta.url),
    });
    await expect(pool.ready()).rejects.toThrow(/no-such-task/);
    await pool.close();
  });
});
