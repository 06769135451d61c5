import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Check } from '../../../src/core/check.ts';
import { FairLanes } from '../../../src/data-plane/workers/fair-lanes.ts';
import { Lane, LongestLanes } from '../../../src/data-plane/workers/longest-lanes.ts';
import { fakePool } from './fake-workers.ts';
import { keyEntry, TestCheck } from './signed-checks.ts';

const MATERIAL = Buffer.alloc(64, 1);
const A = keyEntry('a', 'ed25519', MATERIAL);
const B = keyEntry('b', 'ed25519', MATERIAL);
const MIB = 1_048_576;
let names = 0;
const checkOf = (entry = A, bodyBytes = 0) =>
  new TestCheck(entry, { base: `check ${++names}`, body: new Uint8Array(bodyBytes) });
const checksOf = (count: number, entry = A) => Array.from({ length: count }, () => checkOf(entry));
const leave = (checks: readonly TestCheck[]) => {
  for (const check of checks) check.abandoned = true;
};
const outcomes = (checks: readonly TestCheck[]) => checks.map(check => check.outcomes);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a check that nobody waits for', () => {
  it('is not sent to a worker, and fails once', async () => {
    const { pool, workers, counters } = fakePool();
    const checks = checksOf(6);
    for (const check of checks) pool.submit(check);
    leave([checks[1]!, checks[4]!]);
    await workers.finish();
    expect(workers.held[0]!.bases).toEqual([2, 3, 5].map(i => checks[i]!.base));
    expect(checks.map(check => check.outcomes.at(-1))).toEqual([
      'valid',
      'failed',
      ...[undefined, undefined, 'failed', undefined],
    ]);
    await workers.finish();
    expect(checks.every(check => check.outcomes.length === 1)).toBe(true);
    expect(counters.get('verify_pooled')).toBe(4);
    expect(counters.get('verify_queue_length')).toBe(0);
    expect(pool.stats()).toMatchObject({ checksInFlight: 0, lanes: 0, batches: 2 });
  });

  it('leaves with all others without a batch being sent', async () => {
    const { pool, workers, counters } = fakePool();
    const checks = checksOf(5);
    for (const check of checks) pool.submit(check);
    leave(checks);
    const drained = pool.drain();
    await workers.finish();
    await drained;
    expect(workers.held).toEqual([]);
    expect(outcomes(checks)).toEqual([['valid'], ...checks.slice(1).map(() => ['failed'])]);
    expect(counters.get('verify_queue_length')).toBe(0);
  });

  it('may come straight back from its settlement', async () => {
    const { pool, workers } = fakePool();
    const checks = checksOf(3);
    const again = checkOf(B);
    checks[1]!.settle = () => pool.submit(again);
    for (const check of checks) pool.submit(check);
    leave([checks[1]!]);
    await workers.finish();
    while (workers.held.length > 0) await workers.finish();
    expect(outcomes([checks[2]!, again])).toEqual([['valid'], ['valid']]);
    expect(pool.stats()).toMatchObject({ checksInFlight: 0, queueLength: 0 });
  });

  it('is not run again after its worker was lost', async () => {
    const { pool, workers, progress, counters } = fakePool();
    const checks = checksOf(4);
    for (const check of checks) pool.submit(check);
    await workers.finish();
    leave([checks[2]!]);
    await workers.lose(progress, 1);
    expect(workers.held[0]!.bases).toEqual([checks[1]!.base, checks[3]!.base]);
    leave([checks[1]!, checks[3]!]);
    await workers.lose(progress);
    expect(workers.held).toEqual([]);
    expect(outcomes(checks)).toEqual([['valid'], ['failed'], ['failed'], ['failed']]);
    expect(counters.get('verify_batches_retried')).toBe(1);
    expect(pool.stats()).toMatchObject({ checksInFlight: 0, rerunsWaiting: 0 });
  });

  it('keeps nobody out of a full queue', () => {
    const { pool, counters } = fakePool({ queueMax: 4 });
    const checks = checksOf(5);
    for (const check of checks) pool.submit(check);
    leave(checks.slice(1));
    expect(pool.submit(checkOf(A))).toBeUndefined();
    expect(outcomes(checks)).toEqual([[], ...checks.slice(1).map(() => ['failed'])]);
    expect(counters.get('verify_saturated')).toBe(0);
    expect(pool.stats()).toMatchObject({ queueLength: 1, checksInFlight: 2 });
  });

  it('does not hold its body while others come, though the only worker hangs', () => {
    const { pool } = fakePool();
    pool.submit(checkOf());
    const all: TestCheck[] = [];
    for (let i = 0; i < 64; i++) {
      const check = checkOf(A, MIB);
      all.push(check);
      pool.submit(check);
      check.abandoned = true;
    }
    expect(all.filter(check => check.outcomes.length === 0).length).toBeLessThanOrEqual(1);
    expect(pool.stats().queueLength).toBeLessThanOrEqual(1);
  });

  it.each([
    ['hangs', 1],
    ['is missing', 0],
  ])('is found by itself while the only worker %s', (_case, idleWorkers) => {
    const { pool, workers, counters } = fakePool();
    workers.count = idleWorkers;
    vi.advanceTimersByTime(1_000);
    const checks = [...checksOf(3, A), ...checksOf(3, B)];
    for (const check of checks) pool.submit(check);
    vi.advanceTimersByTime(1_000);
    const gone = [checks[1]!, checks[4]!, checks[5]!];
    leave(gone);
    vi.advanceTimersByTime(250);
    expect(outcomes(gone)).toEqual([['failed'], ['failed'], ['failed']]);
    expect(checks.filter(check => check.outcomes.length === 0)).toHaveLength(3);
    expect(counters.get('verify_queue_length')).toBe(3 - idleWorkers);
    expect(pool.stats().lanes).toBe(2);
  });

  it('is found among what waits to be run again', async () => {
    const { pool, workers, progress } = fakePool();
    const checks = checksOf(3);
    for (const check of checks) pool.submit(check);
    await workers.finish();
    workers.count = 0;
    await workers.lose(progress);
    expect(pool.stats().rerunsWaiting).toBe(1);
    leave(checks);
    vi.advanceTimersByTime(250);
    expect(outcomes(checks)).toEqual([['valid'], ['failed'], ['failed']]);
    expect(pool.stats()).toMatchObject({ rerunsWaiting: 0, checksInFlight: 0 });
  });

  it('leaves no timer behind', async () => {
    const { pool, workers } = fakePool();
    pool.submit(checkOf());
    await workers.finish();
    await pool.close();
    vi.advanceTimersByTime(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the longest lane', () => {
  it('is found again after it lost several checks at once', () => {
    const byLength = new LongestLanes();
    const [long, short] = [new Lane(), new Lane()];
    const push = (lane: Lane, check: Check) => {
      lane.push(check);
      byLength.moved(lane, lane.length - 1);
    };
    const checks = checksOf(9);
    for (const check of checks) push(long, check);
    for (const check of checksOf(2)) push(short, check);
    leave(checks.slice(0, 8));
    const dropped: Check[] = [];
    long.removeAbandoned(dropped);
    byLength.moved(long, 9);
    expect(dropped).toEqual(checks.slice(0, 8));
    expect(long.first()).toBe(checks[8]);
    expect(byLength.longest()).toBe(short);
    expect(byLength.length).toBe(2);
  });
});

describe('lanes with abandoned checks', () => {
  const EVERYTHING = {
    itemsMax: 1_000_000,
    costMaxMicros: Infinity,
    aloneAboveMicros: Infinity,
    bytesMax: Infinity,
  };
  const byBase = { microsOf: (check: Check) => check.base.length };

  it('charge nobody for them', () => {
    const lanes = new FairLanes(100, byBase);
    const costly = new TestCheck(A, { base: 'x'.repeat(90) });
    costly.abandoned = true;
    const cheap = new TestCheck(A, { base: 'x'.repeat(60) });
    for (const check of [costly, cheap, new TestCheck(B, { base: 'x' })]) lanes.admit(check);
    expect(lanes.take({ ...EVERYTHING, itemsMax: 1 })).toEqual([cheap]);
    expect(lanes.dropped).toEqual([costly]);
  });

  it('keep order, length and the longest lane whoever leaves', () => {
    const arrival = fc.record({ app: fc.constantFrom('a', 'b', 'c'), leaves: fc.boolean() });
    const step = fc.oneof(
      { weight: 6, arbitrary: arrival },
      fc.integer({ min: 1, max: 9 }),
      fc.constant('drop' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 30 }), run),
    );

    function run(
      steps: readonly ({ app: string; leaves: boolean } | number | 'drop')[],
      queueMax: number,
    ) {
      const lanes = new FairLanes(queueMax, byBase);
      const all: TestCheck[] = [];
      const gone = new Set<Check>();
      for (const next of steps) {
        if (next === 'drop') lanes.dropAbandoned();
        else if (typeof next === 'number') {
          for (const check of lanes.take({ ...EVERYTHING, itemsMax: next })) {
            expect(check.abandoned).toBe(false);
            const { id } = check.entry.app;
            const first = all.find(
              other => other.entry.app.id === id && !gone.has(other) && !other.abandoned,
            );
            expect(check).toBe(first);
            gone.add(check);
          }
        } else {
          const check = checkOf(keyEntry(next.app, 'ed25519', MATERIAL));
          all.push(check);
          const loser = lanes.admit(check);
          if (loser !== undefined) gone.add(loser);
          // The one before it leaves: the waiting are abandoned anywhere in their lane.
          if (next.leaves && all.length > 1) all.at(-2)!.abandoned = true;
        }
        for (const check of lanes.dropped.splice(0)) {
          expect(check.abandoned).toBe(true);
          expect(gone.has(check)).toBe(false);
          gone.add(check);
        }
        const waiting = all.filter(check => !gone.has(check));
        expect(lanes.length).toBe(waiting.length);
        expect(lanes.laneCount).toBe(new Set(waiting.map(({ entry }) => entry.app.id)).size);
        if (next === 'drop') expect(waiting.some(check => check.abandoned)).toBe(false);
      }
    }
  });
});
