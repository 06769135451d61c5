import { describe, expect, it } from 'vitest';
import { measureDesk, STORES } from '../../bench/desk/measure-desk.ts';
import { benchKey } from '../../bench/rig/bench-folder.ts';
import { FULL_SCALE, scaleRegistry } from '../../bench/rig/scale-registry.ts';

const { algorithm, verifyingText: publicKey } = benchKey('es256');
const SMALL = {
  ...FULL_SCALE,
  ...{ partners: 3, apps: 20, upstreams: 2, apis: 10, operations: 45, topics: 2, products: 4 },
  ...{ subscriptions: 30, keys: [{ algorithm, publicKey }] },
};

describe('the registry of a bench', () => {
  it('has as much as was asked for', () => {
    const lists = scaleRegistry(SMALL);
    const counts = Object.entries(lists).map(([list, records]) => [list, records.length]);
    expect(Object.fromEntries(counts)).toMatchObject({
      ...{ partners: 3, apps: 20, keys: 20, apis: 10, products: 4, subscriptions: 30 },
    });
    const operations = lists.apis!.flatMap(api => api.operations as object[]);
    expect(operations).toHaveLength(45);
  });
});

describe('bench:desk', () => {
  it.each(STORES)('measures every phase over the store %s', async store => {
    const figures = await measureDesk(scaleRegistry(SMALL), store, 3);
    expect(figures.records).toBe(3 + 20 + 20 + 2 + 10 + 2 + 4 + 3 + 30);
    const { applyMs, openMs, exportMs, snapshotMs, planAgainMs } = figures;
    for (const ms of [applyMs, openMs, exportMs, snapshotMs, planAgainMs]) {
      expect(ms).toBeGreaterThan(0);
    }
    expect(figures.changes).toHaveLength(6);
    for (const { medianMs, maxMs } of figures.changes) {
      expect(medianMs).toBeGreaterThan(0);
      expect(maxMs).toBeGreaterThanOrEqual(medianMs);
    }
  });
});
