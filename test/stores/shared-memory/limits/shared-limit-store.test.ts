import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CounterSet } from '../../../../src/core/counters.ts';
import {
  createLimitShared,
  LimitKeeper,
  type LimitShared,
  SharedLimitStore,
} from '../../../../src/stores/shared-memory/index.ts';
import { LimitSketch } from '../../../../src/stores/shared-memory/limits/limit-sketch.ts';
import { aClaim, aLimit, limitStoreSuite } from '../../limit-store-suite.ts';

const CELLS = 1_024;
const SKETCH = 65_536;

limitStoreSuite('shared memory', clocks => {
  const shared = createLimitShared(1, CELLS, SKETCH);
  return new SharedLimitStore(shared, {
    ...{ front: 0, counters: new CounterSet() },
    nowMs: () => clocks.nowMs,
    wallMs: () => clocks.wallMs,
  });
});

function takes(store: SharedLimitStore, ...limits: Parameters<typeof aClaim>): boolean {
  const claim = aClaim(...limits);
  store.take(claim);
  return claim.refusedBy === undefined;
}

function storeOf(
  shared: LimitShared,
  front: number,
  nowMs: () => number,
  counters = new CounterSet(),
) {
  return new SharedLimitStore(shared, { front, counters, nowMs });
}

describe('two fronts', () => {
  it('count together', () => {
    const shared = createLimitShared(2, CELLS, SKETCH);
    const [first, second] = [0, 1].map(front => storeOf(shared, front, () => 1_000));
    for (const isOneOfMany of [false, true]) {
      const one = () =>
        aLimit(
          { kind: 'rate', perSecond: 1, burst: 2 },
          { key: `both-${isOneOfMany}`, isOneOfMany },
        );
      const [ofFirst, ofSecond] = [one(), one()];
      expect(takes(first!, ofFirst)).toBe(true);
      expect(takes(second!, ofSecond)).toBe(true);
      expect([takes(first!, ofFirst), takes(second!, ofSecond)]).toEqual([false, false]);
    }
  });

  it('lose nothing of a limit by one of them that ends', () => {
    const shared = createLimitShared(2, CELLS, SKETCH);
    const keeper = aKeeper(shared);
    const [first, second] = [0, 1].map(front => storeOf(shared, front, () => 1_000));
    const one = () => aLimit({ kind: 'concurrency', max: 3 }, { key: 'calls' });
    const [ofFirst, ofSecond] = [one(), one()];
    expect([takes(first!, ofFirst), takes(first!, ofFirst), takes(second!, ofSecond)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(takes(second!, ofSecond)).toBe(false);
    keeper.onFrontGone(0);
    const successor = storeOf(shared, 0, () => 1_000);
    expect([takes(successor, one()), takes(second!, ofSecond)]).toEqual([true, true]);
    expect(takes(second!, ofSecond)).toBe(false);
  });
});

describe('cells', () => {
  it('of idle limits are given to others, and the limits are found again', () => {
    let nowMs = 1_000;
    const counters = new CounterSet();
    const store = storeOf(createLimitShared(1, CELLS, SKETCH), 0, () => nowMs, counters);
    const old = aLimit({ kind: 'rate', perSecond: 1, burst: 1 });
    expect([takes(store, old), takes(store, old)]).toEqual([true, false]);
    for (let round = 0; round < 10; round++) {
      nowMs += 60_000;
      for (let i = 0; i < CELLS / 4; i++) {
        expect(takes(store, aLimit({ kind: 'rate', perSecond: 1, burst: 1 }))).toBe(true);
      }
    }
    expect(counters.get('limits_sharing_cells')).toBe(0);
    expect([takes(store, old), takes(store, old)]).toEqual([true, false]);
  });

  it('are shared where there are too few, which refuses too early and never too late', () => {
    const counters = new CounterSet();
    const store = storeOf(createLimitShared(1, 64, SKETCH), 0, () => 1_000, counters);
    for (let i = 0; i < 500; i++) {
      const limit = aLimit({ kind: 'rate', perSecond: 1, burst: 2 });
      const taken = [1, 2, 3, 4].filter(() => takes(store, limit)).length;
      expect(taken).toBeLessThanOrEqual(2);
    }
    expect(counters.get('limits_sharing_cells')).toBeGreaterThan(300);
  });
});

describe('the sketch', () => {
  const rule = { perSecond: 1, burst: 10 };
  const found = { remaining: 0, waitMs: 0, resetMs: 0 };

  it('refuses one that has done nothing as seldom as it says', () => {
    const { sketch, sketchLocks } = createLimitShared(1, CELLS, SKETCH);
    const counts = new LimitSketch(sketch, sketchLocks, 1);
    // As many near their limit as would be 1,600,000 in the default size.
    const near = SKETCH / 10;
    for (let subject = 0; subject < near; subject++) {
      const [a, b] = hashesOf(subject);
      for (let call = 0; call < 10; call++) counts.charge(a, b, rule, 5_000, found);
    }
    let refused = 0;
    const others = 20_000;
    for (let subject = near; subject < near + others; subject++) {
      const [a, b] = hashesOf(subject);
      if (counts.waitMs(a, b, rule, 5_000) > 0) refused++;
    }
    const expected = others * (1 - Math.exp(-4 * (near / SKETCH))) ** 4;
    expect(refused).toBeLessThan(expected * 1.2);
    expect(refused).toBeGreaterThan(expected / 4);
  });

  it('forgets what lies behind, before its clock turns over', () => {
    const { sketch, sketchLocks } = createLimitShared(1, CELLS, SKETCH);
    const counts = new LimitSketch(sketch, sketchLocks, 1);
    const [a, b] = hashesOf(1);
    let nowMs = 1_000;
    for (let call = 0; call < 10; call++) counts.charge(a, b, rule, nowMs, found);
    for (let hour = 0; hour < 12; hour++) {
      nowMs += 3_600_000;
      counts.sweep(0, counts.size, nowMs);
      expect(counts.waitMs(a, b, rule, nowMs)).toBe(0);
    }
    expect(new Int32Array(sketch).every(cell => cell === 0)).toBe(true);
  });
});

function hashesOf(subject: number): [number, number] {
  const mix = (seed: number) => {
    let h = Math.imul(subject ^ seed, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
  };
  return [mix(0x1234567), mix(0x7654321)];
}

function aKeeper(shared: LimitShared, file = '/nowhere/quotas.bin', states: unknown[] = []) {
  const onFileState = (error: Error | undefined) => states.push(error?.message);
  return new LimitKeeper({ shared, file, counters: new CounterSet(), onFileState });
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'xingyun-quotas-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('quotas on file', () => {
  const daily = () => aLimit({ kind: 'quota', window: 'day', max: 3 }, { key: 'day' });

  it('are there again after a restart', async () => {
    const file = join(aFolder(), 'quotas.bin');
    const before = createLimitShared(1, CELLS, SKETCH);
    const keeper = aKeeper(before, file);
    keeper.load();
    const store = new SharedLimitStore(before, { front: 0, counters: new CounterSet() });
    expect([takes(store, daily()), takes(store, daily())]).toEqual([true, true]);
    await keeper.stop();
    const after = createLimitShared(1, CELLS, SKETCH);
    aKeeper(after, file).load();
    const next = new SharedLimitStore(after, { front: 0, counters: new CounterSet() });
    expect([takes(next, daily()), takes(next, daily())]).toEqual([true, false]);
  });

  it('of a process and the one that replaces it are added up, and written by one', async () => {
    const file = join(aFolder(), 'quotas.bin');
    const many = () => aLimit({ kind: 'quota', window: 'day', max: 6 }, { key: 'day' });
    const open = (isBeside: boolean) => {
      const shared = createLimitShared(1, CELLS, SKETCH);
      const keeper = aKeeper(shared, file);
      keeper.load(isBeside);
      return {
        keeper,
        store: new SharedLimitStore(shared, { front: 0, counters: new CounterSet() }),
      };
    };
    const before = open(false);
    takes(before.store, many());
    await before.keeper.stop();
    const next = open(true);
    // Both count from one call; each takes two more.
    for (const { store } of [before, next]) {
      expect([takes(store, many()), takes(store, many())]).toEqual([true, true]);
    }
    await next.keeper.stop();
    await before.keeper.stop();
    next.keeper.takeOver();
    expect([takes(next.store, many()), takes(next.store, many())]).toEqual([true, false]);
    await next.keeper.stop();
    const last = open(false);
    expect(takes(last.store, many())).toBe(false);
  });

  it('are refused where the file is cut off or is another one', async () => {
    const file = join(aFolder(), 'quotas.bin');
    const shared = createLimitShared(1, CELLS, SKETCH);
    takes(new SharedLimitStore(shared, { front: 0, counters: new CounterSet() }), daily());
    await aKeeper(shared, file).stop();
    const whole = readFileSync(file);
    const turned = Buffer.from(whole);
    turned[whole.length - 1]! ^= 1;
    for (const bytes of [whole.subarray(0, -1), Buffer.from('something else'), turned]) {
      writeFileSync(file, bytes);
      expect(() => aKeeper(shared, file).load()).toThrow(/quotas\.bin holds no quotas/);
    }
  });

  it('are told of once where they cannot be written, and once where they can again', async () => {
    const folder = aFolder();
    const file = join(folder, 'later', 'quotas.bin');
    const shared = createLimitShared(1, CELLS, SKETCH);
    const store = new SharedLimitStore(shared, { front: 0, counters: new CounterSet() });
    const states: unknown[] = [];
    const keeper = aKeeper(shared, file, states);
    takes(store, daily());
    await keeper.stop();
    await keeper.stop();
    expect(states).toEqual([expect.stringContaining('ENOENT')]);
    mkdirSync(join(folder, 'later'));
    await keeper.stop();
    expect(states).toHaveLength(2);
    expect(states[1]).toBeUndefined();
  });
});

describe('threads that race', () => {
  const THREADS = 3;
  const WINDOW_MS = 400;

  it.each([
    ['rate', 0.5],
    ['rate', 2],
    ['rate', 10],
    ['many', 10],
  ])('take what a limit allows (%s, at %s times it)', async (kind, load) => {
    const shared = createLimitShared(THREADS, CELLS, SKETCH);
    const [perSecond, burst] = [20_000, 200];
    const data = {
      shared,
      perSecond,
      burst,
      isOneOfMany: kind === 'many',
      windowMs: WINDOW_MS,
    };
    const offered = (perSecond * load) / THREADS;
    const results = await Promise.all(
      Array.from({ length: THREADS }, (_, front) => runThread({ ...data, front, offered })),
    );
    const taken = results.reduce((sum, one) => sum + one.taken, 0);
    const ends = results.map(({ endMs }) => endMs);
    const starts = results.map(({ startMs }) => startMs);
    const seconds = (Math.max(...ends) - Math.min(...starts)) / 1_000;
    expect(taken).toBeLessThanOrEqual(burst + perSecond * seconds + THREADS);
    // The sketch counts the 50 microseconds between two in steps of 4.
    const exact = kind === 'many' ? 1_000_000 / 52 : perSecond;
    expect(taken).toBeGreaterThan(takenByOne(results, exact, burst) * 0.99 - THREADS);
  });
});

/**
 * What one thread would have taken of the same limit at the same times. A thread that waits for a
 * core asks nothing meanwhile, and what it could have taken then is nobody's.
 */
function takenByOne(results: readonly ThreadResult[], perSecond: number, burst: number): number {
  const times = results.flatMap(({ askedMs }) => [...askedMs]).sort((a, b) => a - b);
  let [left, refilledMs, taken] = [burst, times[0]!, 0];
  for (const atMs of times) {
    left = Math.min(burst, left + ((atMs - refilledMs) / 1_000) * perSecond);
    refilledMs = atMs;
    if (left < 1) continue;
    left -= 1;
    taken += 1;
  }
  return taken;
}

interface ThreadResult {
  readonly taken: number;
  /** Of the clock that all threads read. */
  readonly askedMs: Float64Array;
  readonly startMs: number;
  readonly endMs: number;
}

async function runThread(workerData: object): Promise<ThreadResult> {
  const worker = new Worker(new URL('limit-racer.ts', import.meta.url), { workerData });
  const { promise, resolve, reject } = Promise.withResolvers<ThreadResult>();
  worker.once('message', resolve);
  worker.once('error', reject);
  const result = await promise;
  await worker.terminate();
  return result;
}
