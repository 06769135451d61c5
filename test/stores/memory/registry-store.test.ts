import { describe, expect, it } from 'vitest';
import { ChainVerifier } from '../../../src/stores/audit-chain.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import { aCommit, aDraft, someApps } from '../registry-commits.ts';
import { describeRegistryStore } from '../registry-store-contract.ts';

describeRegistryStore('memory', () => ({ open: async () => createMemoryRegistryStore() }));

describe('an audit log in memory that has a limit', () => {
  it('keeps the latest entries, which still are a chain', async () => {
    const store = createMemoryRegistryStore({ auditChangesMax: 10 });
    for (let revision = 0; revision < 20; revision += 1) {
      await store.commit(aCommit(revision, someApps(3)));
    }
    const entries = await store.auditAfter(0, 100);
    expect(entries.map(({ sequence }) => sequence)).toEqual([18, 19, 20]);
    const [, ...later] = entries;
    expect(await store.auditAfter(18, 100)).toEqual(later);
    expect(await store.auditAfter(20, 100)).toEqual([]);
    const verifier = new ChainVerifier({ sequence: 17, hash: entries[0]!.previousHash });
    verifier.check(entries);
    expect(verifier.finish(await store.auditHead())).toBeUndefined();
  });

  it('keeps the last entry, whatever its size, and counts those of nothing as well', async () => {
    const store = createMemoryRegistryStore({ auditChangesMax: 2 });
    await store.commit(aCommit(0, someApps(5)));
    expect(await store.auditAfter(0, 100)).toHaveLength(1);
    const audit = [aDraft(), aDraft(), aDraft()];
    const { auditHead } = await store.commit(aCommit(1, [], { audit }));
    const entries = await store.auditAfter(0, 100);
    expect(entries.map(({ sequence }) => sequence)).toEqual([3, 4]);
    // Who was at an entry that is gone loads all of it.
    const gone = { sequence: 1, hash: entries[0]!.previousHash };
    expect(await store.changesAfter({ revision: 1, auditHead: gone })).toBeUndefined();
    expect(await store.changesAfter({ revision: 2, auditHead })).toMatchObject({ records: [] });
  });
});
