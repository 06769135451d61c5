import { describe, expect, it } from 'vitest';
import { fakePool } from './fake-workers.ts';
import { keyEntry, TestCheck } from './signed-checks.ts';

const ENTRY = keyEntry('a', 'rsa-v1_5-sha256', Buffer.alloc(64, 1));
const checks = (count: number) =>
  Array.from({ length: count }, (_, i) => new TestCheck(ENTRY, { base: `check ${i}` }));

describe('checks that are submitted in one turn', () => {
  it('leave in one batch, though a worker is idle', async () => {
    const { pool, workers } = fakePool({}, undefined, queueMicrotask);
    for (const check of checks(3)) pool.submit(check);
    expect(workers.held).toHaveLength(0);
    await Promise.resolve();
    expect(workers.held.map(({ bases }) => bases.length)).toEqual([3]);
  });

  it('are shared among the workers that are idle', async () => {
    const { pool, workers } = fakePool({ count: 3 }, undefined, queueMicrotask);
    for (const check of checks(20)) pool.submit(check);
    await Promise.resolve();
    expect(workers.held.map(({ bases }) => bases.length)).toEqual([7, 7, 6]);
  });

  it('do not fill the queue while a worker is idle', () => {
    const { pool, workers } = fakePool({ count: 2, queueMax: 1 }, undefined, queueMicrotask);
    const outcomes = checks(4).map(check => pool.submit(check));
    expect(outcomes).toEqual([undefined, undefined, undefined, 'verify-saturated']);
    expect(workers.held).toHaveLength(2);
  });
});
