import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../src/core/config.ts';
import { CounterSet } from '../../src/core/counters.ts';
import { createCheckPool } from '../../src/data-plane/workers/index.ts';
import { openHandles, poolConfig } from '../data-plane/workers/pool-config.ts';
import { signedCheck, signerFor, TestCheck } from '../data-plane/workers/signed-checks.ts';

/** Workers are lost and started anew several times per test; 0.1 s each on an idle host. */
vi.setConfig({ testTimeout: 30_000 });

const signer = signerFor('ed25519');
/** Every worker thread that this process starts, in order. */
const threads: Worker[] = [];
const remember = (worker: Worker) => threads.push(worker);

beforeEach(() => {
  threads.length = 0;
  process.on('worker', remember);
});
afterEach(() => process.off('worker', remember));

async function startPool(overrides: Partial<Config['workers']> = {}) {
  const counters = new CounterSet();
  const pool = createCheckPool({
    config: poolConfig({ placement: 'pool', ...overrides }),
    counters,
    taskFile: new URL('poisoned-task.ts', import.meta.url),
  });
  await pool.ready();
  return { pool, counters, [Symbol.asyncDispose]: () => pool.close() };
}

/** `count` checks, every third one forged, of three apps. */
function someChecks(count: number, what = 'call'): TestCheck[] {
  return Array.from({ length: count }, (_, i) => {
    const check = signedCheck(signer, `app-${i % 3}`, `${what} ${i}`);
    const { entry, signature } = check;
    return i % 3 === 2 ? new TestCheck(entry, { base: `${what} forged`, signature }) : check;
  });
}
const trueOutcomes = (checks: readonly TestCheck[]) =>
  checks.map(({ base }) => [base.endsWith('forged') ? 'signature-invalid' : 'valid']);
const outcomes = (checks: readonly TestCheck[]) => checks.map(check => check.outcomes);

describe('a worker that is killed in the middle of a batch', () => {
  it('costs nobody their outcome', async () => {
    await using running = await startPool();
    const checks = someChecks(12, 'slow');
    for (const check of checks) running.pool.submit(check);
    await expect.poll(() => running.pool.stats().batchesInFlight).toBe(1);
    // Now twelve slow checks are with the worker, which takes 0.2 s for them.
    await threads[0]!.terminate();
    await running.pool.drain();
    expect(outcomes(checks)).toEqual(trueOutcomes(checks));
    expect(running.counters.get('verify_batches_retried')).toBe(1);
    expect(running.counters.get('verify_items_poisoned')).toBe(0);
    expect(running.pool.stats()).toMatchObject({ workers: 1, checksInFlight: 0 });
  });

  it('is replaced again and again', async () => {
    await using running = await startPool({ count: 2 });
    for (let round = 0; round < 3; round++) {
      const checks = someChecks(8);
      await Promise.all(threads.splice(0).map(thread => thread.terminate()));
      for (const check of checks) running.pool.submit(check);
      await running.pool.drain();
      expect(outcomes(checks)).toEqual(trueOutcomes(checks));
    }
    await expect.poll(() => running.pool.stats().workers, { timeout: 10_000 }).toBe(2);
  });
});

describe.each(['exit', 'throw', 'memory'])('a check that ends its worker by %s', poison => {
  it('fails alone', async () => {
    await using running = await startPool();
    const before = someChecks(6, 'slow');
    const poisoned = signedCheck(signer, 'app-p', `${poison} now`);
    const after = someChecks(20);
    for (const check of [...before, poisoned, ...after]) running.pool.submit(check);
    await running.pool.drain();
    expect(poisoned.outcomes).toEqual(['failed']);
    expect(outcomes([...before, ...after])).toEqual(trueOutcomes([...before, ...after]));
    expect(running.counters.get('verify_items_poisoned')).toBe(1);
    expect(running.pool.stats()).toMatchObject({ checksInFlight: 0, rerunsWaiting: 0, workers: 1 });
  });
});

describe('a check that hangs its worker', () => {
  it('fails after two timeouts, and the others are served', async () => {
    const batchTimeoutMs = 300;
    await using running = await startPool({ batchTimeoutMs });
    const hanging = signedCheck(signer, 'app-h', 'hang now');
    const others = someChecks(20);
    const startMs = performance.now();
    for (const check of [...others.slice(0, 5), hanging, ...others.slice(5)]) {
      running.pool.submit(check);
    }
    await running.pool.drain();
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(2 * batchTimeoutMs - 1);
    expect(hanging.outcomes).toEqual(['failed']);
    expect(outcomes(others)).toEqual(trueOutcomes(others));
  });

  it('does not keep the other workers from their work', async () => {
    await using running = await startPool({ count: 2, batchTimeoutMs: 1_000 });
    const hanging = signedCheck(signer, 'app-h', 'hang now');
    running.pool.submit(hanging);
    // The next turn: checks that are submitted in one turn leave in one batch.
    await Promise.resolve();
    const others = someChecks(30);
    for (const check of others) running.pool.submit(check);
    await Promise.all(others.map(({ settled }) => settled));
    expect(hanging.outcomes).toEqual([]);
    expect(outcomes(others)).toEqual(trueOutcomes(others));
  });
});

describe('a worker whose replacement does not start', () => {
  it('is tried again until one starts', async () => {
    await using running = await startPool();
    const checks = someChecks(4);
    process.env.XINGYUN_TEST_START = 'fail';
    try {
      await threads[0]!.terminate();
      // The replacement dies while it starts, which Piscina does not try twice.
      await expect.poll(() => running.pool.stats().lastWorkerError).toMatch(/does not start/);
      for (const check of checks) running.pool.submit(check);
      expect(running.pool.stats()).toMatchObject({ workers: 0, queueLength: 4 });
    } finally {
      delete process.env.XINGYUN_TEST_START;
    }
    await running.pool.drain();
    expect(outcomes(checks)).toEqual(trueOutcomes(checks));
    expect(running.pool.stats().lastWorkerError).toMatch(/does not start/);
  });
});

describe('after all of it', () => {
  it('nothing is left behind', async () => {
    const before = openHandles();
    const running = await startPool({ count: 2, batchTimeoutMs: 200 });
    for (const base of ['hang now', 'exit now', 'throw now', 'fine']) {
      running.pool.submit(signedCheck(signer, `app ${base}`, base));
    }
    await running.pool.close();
    expect(running.pool.stats()).toMatchObject({ workers: 0, checksInFlight: 0 });
    await new Promise(setImmediate);
    expect(openHandles()).toBeLessThanOrEqual(before);
  });
});
