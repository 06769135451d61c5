/** A store that was restored, or whose standby took over without its last commits. */
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import type { RegistryCommit, RegistryStore } from '../../../src/stores/registry-contract.ts';
import { applyDelta, byId } from './apply-delta.ts';
import { API, DeskUnderTest, PARTNER, refusalsOf, WHOLE } from './desk-fixture.ts';
import { drawRegistry } from './drawn-registry.ts';

const LOST = { id: 'lost', name: 'Lost', class: 'data-provider' };
const LOST_API = { ...API, id: 'lost', basePath: '/lost' };

async function storeOf(commits: readonly RegistryCommit[]): Promise<RegistryStore> {
  const store = createMemoryRegistryStore();
  for (const commit of commits) await store.commit(commit);
  return store;
}

/** At revision 4, of which the store has only the first two. */
async function setBack() {
  const served: number[] = [];
  const under = await DeskUnderTest.open(undefined, {
    served: async version => {
      served.push(version);
      return true;
    },
  });
  await under.apply(WHOLE);
  await under.put('plan', { id: 'gold', name: 'A' });
  await under.put('partner', LOST);
  await under.put('api', LOST_API);
  const before = under.desk.snapshot();
  under.deltas.length = 0;
  under.store.shared = await storeOf(under.store.commits.slice(0, 2));
  const followed = async () => {
    under.store.notify();
    await vi.waitUntil(() => under.reports.length > 0, { interval: 0 });
  };
  return { under, before, served, followed };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a registry that was set back', () => {
  it('is taken over as it is, under a version above all that fronts have', async () => {
    const { under, before, followed } = await setBack();
    await followed();
    const { desk, deltas } = under;
    expect(under.reports).toEqual([{ event: 'set-back', fromRevision: 4, revision: 2 }]);
    expect([desk.revision, desk.version]).toEqual([2, 5]);
    expect(desk.get('partner', 'lost')).toBeUndefined();
    expect(deltas).toMatchObject([
      {
        baseVersion: 4,
        version: 5,
        partners: { removals: ['lost'] },
        apis: { removals: ['lost'] },
      },
    ]);
    expect(byId(applyDelta(before, deltas[0]!))).toEqual(byId(desk.snapshot()));
  });

  it('is seen by the next change at the latest', async () => {
    const { under } = await setBack();
    const orphan = await under.put('app', { id: 'x', partner: 'lost' });
    expect(refusalsOf(orphan)).toEqual(['conflict app/x /partner']);
    expect([under.desk.revision, under.desk.version]).toEqual([2, 5]);
    expect(await under.put('plan', { id: 'gold', name: 'B' })).toMatchObject({ revision: 3 });
    expect(under.store.commits.at(-1)!.onRevision).toBe(2);
  });

  it('is what changes are checked against', async () => {
    const { under, followed } = await setBack();
    await followed();
    const orphan = await under.put('app', { id: 'x', partner: 'lost' });
    expect(refusalsOf(orphan)).toEqual(['conflict app/x /partner']);
    // Its paths are free again.
    expect(await under.put('api', { ...LOST_API, id: 'other' })).toMatchObject({ revision: 3 });
    expect(under.deltas.map(({ baseVersion, version }) => [baseVersion, version])).toEqual([
      [4, 5],
      [5, 6],
    ]);
  });

  it('is served where that version is', async () => {
    const { under, served, followed } = await setBack();
    await under.desk.served(2, 1);
    await followed();
    // The revisions that are lost are served when there are such again.
    for (const revision of [2, 3, 4]) await under.desk.served(revision, 1);
    expect(served).toEqual([2, 5, 6, 7]);
  });

  it.each([
    ['the same revision', 2, 4],
    ['a later revision', 4, 6],
  ])('may be at %s by now, with another history', async (_name, more, revision) => {
    const { under, before, followed } = await setBack();
    const other = await DeskUnderTest.open(under.store.shared);
    await other.put('partner', { ...PARTNER, status: 'suspended' });
    for (let count = 1; count < more; count++)
      await other.put('plan', { id: 'gold', name: `${count}` });
    await followed();
    expect(under.reports).toEqual([{ event: 'set-back', fromRevision: 4, revision }]);
    expect(under.desk.get('partner', PARTNER.id)).toEqual(other.desk.get('partner', PARTNER.id));
    expect(under.desk.export()).toEqual(other.desk.export());
    const [delta] = under.deltas;
    expect(delta!.version).toBeGreaterThan(before.version);
    expect(byId(applyDelta(before, delta!))).toEqual(byId(under.desk.snapshot()));
  });

  it('is not taken over while it has no API left, as in the middle of a restore', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { under, followed } = await setBack();
    const restored = under.store.shared;
    under.store.shared = createMemoryRegistryStore();
    await followed();
    expect(under.reports).toMatchObject([{ event: 'follow-failed', error: { code: 'failed' } }]);
    await expect(under.put('partner', PARTNER)).rejects.toMatchObject({ code: 'failed' });
    expect([under.desk.count('partner'), under.desk.version]).toEqual([2, 4]);
    expect(under.deltas).toEqual([]);
    under.store.shared = restored;
    await vi.advanceTimersByTimeAsync(1_000);
    await under.desk.close();
    expect(under.reports.at(-1)).toMatchObject({ event: 'set-back', revision: 2 });
  });

  it('is what its deltas make of any other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.gen(), fc.nat(3), fc.nat(3), async (g, kept, more) => {
        const under = await DeskUnderTest.open();
        // So that it is never without an API.
        const draw = () => {
          const lists = drawRegistry(g);
          const { upstreams, apis } = WHOLE;
          return {
            ...lists,
            upstreams: [...lists.upstreams, ...upstreams],
            apis: [...lists.apis, ...apis],
          };
        };
        for (let step = 0; step < 4; step++) await under.apply(draw(), { prune: step % 2 === 0 });
        const shared = await storeOf(under.store.commits.slice(0, kept + 1));
        const other = await DeskUnderTest.open(shared);
        for (let step = 0; step < more; step++) await other.apply(draw(), { prune: true });
        let snapshot = under.desk.snapshot();
        under.deltas.length = 0;
        under.store.shared = shared;
        under.store.notify();
        await under.put('partner', { ...PARTNER, name: 'By the one' });
        other.store.notify();
        await other.put('plan', { id: 'last', name: 'By the other' });
        under.store.notify();
        await under.desk.close();
        await other.desk.close();
        for (const delta of under.deltas) snapshot = applyDelta(snapshot, delta);
        expect(byId(snapshot)).toEqual(byId(under.desk.snapshot()));
        expect(under.desk.export()).toEqual(other.desk.export());
        const { version: _, ...same } = byId(other.desk.snapshot());
        expect(byId(snapshot)).toMatchObject(same);
      }),
      { numRuns: 100 },
    );
  });
});
