/** What every driver of RegistryStore promises, as tests. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ChainVerifier, EMPTY_CHAIN } from '../../src/stores/audit-chain.ts';
import { createMemoryRegistryStore } from '../../src/stores/memory/registry-store.ts';
import {
  type AuditEntry,
  type RegistryStore,
  RegistryStoreError,
  type StoredRecord,
} from '../../src/stores/registry-contract.ts';
import {
  AT_MS,
  aCommit,
  aDraft,
  aPartner,
  randomCommit,
  someApps,
  stateOf,
} from './registry-commits.ts';

/** Where a registry may be, empty at first. */
export interface RegistryPlace {
  /** Opens what is there; closed by whoever asks for it. */
  open(): Promise<RegistryStore>;
}

const keysOf = (records: readonly StoredRecord[]) => records.map(({ kind, id }) => `${kind}/${id}`);

const faultIn = (entries: readonly AuditEntry[]) => new ChainVerifier().check(entries);

async function codeOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
  } catch (error) {
    return error instanceof RegistryStoreError ? error.code : String(error);
  }
  return 'done';
}

export function describeRegistryStore(
  driver: RegistryStore['driver'],
  makePlace: () => RegistryPlace | Promise<RegistryPlace>,
): void {
  let place: RegistryPlace;
  let store: RegistryStore;
  const open = async () => {
    const opened = await place.open();
    onTestFinished(() => opened.close());
    return opened;
  };

  describe(`registry store: ${driver}`, () => {
    beforeEach(async () => {
      place = await makePlace();
      store = await open();
    });

    describeRecords(() => store);
    describeCommits(() => store);
    describeTexts(() => store);
    describeAudit(() => store);

    it('says which driver it is, and takes a listener', () => {
      expect(store.driver).toBe(driver);
      store.watch(() => undefined);
      store.watch(() => undefined);
    });

    it('waits for what is under way when it is closed, and then takes no more', async () => {
      const commit = store.commit(aCommit(0, someApps(2_000)));
      const closed = store.close();
      expect(await codeOf(commit)).toBe('done');
      await Promise.all([closed, store.close()]);
      const uses = [
        () => store.load(),
        () => store.changesAfter({ revision: 0 }),
        () => store.commit(aCommit(1, [])),
        () => store.document('api/accounts'),
        () => store.auditAfter(0, 1),
        () => store.auditHead(),
        async () => store.watch(() => undefined),
      ];
      for (const use of uses) expect(await codeOf(use())).toBe('closed');
    });

    // A registry in memory ends with its process.
    it.skipIf(driver === 'memory')('keeps everything over a restart', async () => {
      for (let revision = 0; revision < 25; revision += 1) {
        await store.commit(randomCommit(5, revision));
      }
      const before = await stateOf(store);
      await store.close();
      store = await open();
      expect(await stateOf(store)).toEqual(before);
      expect((await store.commit(randomCommit(5, 25))).revision).toBe(26);
    });

    it('is as the reference is, whatever is committed', async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.array(fc.nat(9), { maxLength: 12 }), async (seed, steps) => {
          place = await makePlace();
          const [tried, reference] = [await place.open(), createMemoryRegistryStore()];
          let { revision } = await tried.load();
          for (const step of steps) {
            // One in ten was checked against an older revision.
            const commit = randomCommit(seed, step === 0 ? revision - 1 : revision);
            const [outcome, expected] = await Promise.all(
              [tried, reference].map(one => one.commit(commit).catch(({ code }) => code)),
            );
            expect(outcome).toEqual(expected);
            if (step > 0) revision += 1;
          }
          expect(await stateOf(tried)).toEqual(await stateOf(reference));
          await tried.close();
        }),
        { numRuns: 15 },
      );
    });
  });
}

function describeRecords(opened: () => RegistryStore): void {
  describe('its records', () => {
    it('are none at first, at revision 0', async () => {
      const nothing = { revision: 0, records: [], auditHead: EMPTY_CHAIN };
      expect(await opened().load()).toEqual(nothing);
      expect(await opened().changesAfter({ revision: 0 })).toEqual(nothing);
    });

    it('are made with version 1, and told in the order of the changes', async () => {
      const changes = [aPartner('z'), ...someApps(2), aPartner('a')];
      const receipt = await opened().commit(aCommit(0, changes));
      expect(receipt.revision).toBe(1);
      expect(receipt.records).toEqual(
        changes.map(change => ({
          ...change,
          version: 1,
          revision: 1,
          createdAtMs: AT_MS,
          updatedAtMs: AT_MS,
        })),
      );
    });

    it('are ordered by kind and id, by code unit, and are of one revision', async () => {
      const ids = ['b', 'B', 'a-1', 'a', 'a.b', 'ä', '\u{1f600}', '\uffee', '10', '9'];
      await opened().commit(aCommit(0, ids.map(id => aPartner(id)).concat(someApps(1))));
      const { revision, records } = await opened().load();
      expect(revision).toBe(1);
      const sorted = ids.toSorted((a, b) => (a < b ? -1 : 1)).map(id => `partner/${id}`);
      expect(keysOf(records)).toEqual(['app/app-0', ...sorted]);
    });

    it('keep when they were made, and count their versions by themselves', async () => {
      await opened().commit(aCommit(0, [aPartner('a'), aPartner('b')]));
      await opened().commit(aCommit(1, [aPartner('a', { status: 'closed' })]));
      const { records } = await opened().load();
      expect(records).toMatchObject([
        { id: 'a', version: 2, revision: 2, createdAtMs: AT_MS, updatedAtMs: AT_MS + 1_000 },
        { id: 'b', version: 1, revision: 1, createdAtMs: AT_MS, updatedAtMs: AT_MS },
      ]);
      expect(records[0]!.body).toEqual({ id: 'a', name: 'Partner a', status: 'closed' });
    });

    it('leave a mark where they are deleted, and go on from it when they come again', async () => {
      const gone = { kind: 'partner', id: 'a', body: undefined };
      await opened().commit(aCommit(0, [aPartner('a'), aPartner('b')]));
      const deleted = await opened().commit(aCommit(1, [gone]));
      const mark = { ...gone, version: 2, revision: 2, updatedAtMs: AT_MS + 1_000 };
      expect(deleted.records).toEqual([{ ...mark, createdAtMs: AT_MS }]);
      expect(keysOf((await opened().load()).records)).toEqual(['partner/b']);
      const changed = await opened().changesAfter({ revision: 1 });
      expect(changed!.records).toEqual(deleted.records);
      const { records } = await opened().commit(aCommit(2, [aPartner('a')]));
      const [createdAtMs, updatedAtMs] = [AT_MS + 2_000, AT_MS + 2_000];
      expect(records).toMatchObject([{ version: 3, revision: 3, createdAtMs, updatedAtMs }]);
    });

    it('are told as they are now by what changed after a revision, once each', async () => {
      await opened().commit(aCommit(0, [aPartner('a'), aPartner('b'), aPartner('c')]));
      await opened().commit(aCommit(1, [aPartner('b', { n: 1 })]));
      await opened().commit(aCommit(2, [aPartner('b', { n: 2 }), aPartner('d')]));
      const { revision, records } = (await opened().changesAfter({ revision: 1 }))!;
      expect(revision).toBe(3);
      expect(keysOf(records)).toEqual(['partner/b', 'partner/d']);
      expect(records[0]).toMatchObject({ version: 3, revision: 3, body: { n: 2 } });
      const auditHead = await opened().auditHead();
      const nothing = { revision: 3, records: [], auditHead };
      expect(await opened().changesAfter({ revision: 3, auditHead })).toEqual(nothing);
      expect(await opened().changesAfter({ revision: 3, isSettled: true })).toEqual(nothing);
    });

    it('are told from where the registry has been, and from nowhere else', async () => {
      const heads = [];
      for (let revision = 0; revision < 3; revision += 1) {
        const { auditHead } = await opened().commit(aCommit(revision, [aPartner(`p-${revision}`)]));
        heads.push({ revision: revision + 1, auditHead });
      }
      const [first, second, third] = heads;
      expect(keysOf((await opened().changesAfter(first!))!.records)).toEqual([
        'partner/p-1',
        'partner/p-2',
      ]);
      expect((await opened().load()).auditHead).toEqual(third!.auditHead);
      const { sequence } = second!.auditHead;
      const elsewhere = [
        { revision: 4 },
        { revision: 2, auditHead: { sequence, hash: third!.auditHead.hash } },
        { revision: 3, auditHead: { sequence: 4, hash: third!.auditHead.hash } },
      ];
      for (const request of elsewhere) {
        expect(await opened().changesAfter(request)).toBeUndefined();
        expect(await opened().changesAfter({ ...request, isSettled: true })).toBeUndefined();
      }
    });

    it('are as many as one commit has, and as large', async () => {
      const apps = [...someApps(5_000), aPartner('large', { text: 'x'.repeat(6_000_000) })];
      await opened().commit(aCommit(0, apps, { audit: [aDraft()] }));
      const changed = apps.map(({ body, ...key }) => ({ ...key, body: { ...body, n: 1 } }));
      const receipt = await opened().commit(aCommit(1, changed, { audit: [aDraft()] }));
      expect(keysOf(receipt.records)).toEqual(keysOf(changed as unknown as StoredRecord[]));
      const { records } = await opened().load();
      expect(records).toHaveLength(5_001);
      expect(records.every(({ version, body }) => version === 2 && body?.n === 1)).toBe(true);
    });
  });
}

function describeCommits(opened: () => RegistryStore): void {
  describe('its commits', () => {
    it('are refused as stale on any other revision, and then change nothing', async () => {
      await opened().commit(aCommit(0, [aPartner('a')]));
      await opened().commit(aCommit(1, [aPartner('b')]));
      const before = await stateOf(opened());
      const documents = [{ name: 'api/accounts', text: 'text' }];
      for (const onRevision of [0, 1, 3, 7]) {
        const stale = aCommit(onRevision, [aPartner('a'), aPartner('c')], { documents });
        expect(await codeOf(opened().commit(stale))).toBe('stale');
      }
      expect(await stateOf(opened())).toEqual(before);
    });

    it('are refused as stale on that revision of another history', async () => {
      const { auditHead } = await opened().commit(aCommit(0, [aPartner('a')]));
      const commit = aCommit(1, [aPartner('b')]);
      const elsewhere = { ...commit, onAuditHash: EMPTY_CHAIN.hash };
      expect(await codeOf(opened().commit(elsewhere))).toBe('stale');
      const { revision } = await opened().commit({ ...commit, onAuditHash: auditHead.hash });
      expect(revision).toBe(2);
    });

    it('win once where several are on one revision', async () => {
      const commits = Array.from({ length: 6 }, (_, i) => {
        return codeOf(opened().commit(aCommit(0, [aPartner(`p-${i}`)])));
      });
      const codes = await Promise.all(commits);
      expect(codes.filter(code => code === 'done')).toHaveLength(1);
      expect(codes.filter(code => code === 'stale')).toHaveLength(5);
      const { revision, records } = await opened().load();
      expect([revision, records.length]).toEqual([1, 1]);
    });

    it('may have no record, and still make a revision', async () => {
      const { revision, records } = await opened().commit(aCommit(0, []));
      expect([revision, records]).toEqual([1, []]);
    });

    it('never show in part to those who read meanwhile', async () => {
      const store = opened();
      const writes = (async () => {
        for (let revision = 0; revision < 10; revision += 1) {
          await store.commit(aCommit(revision, someApps(700, { revision })));
        }
      })();
      for (let i = 0; i < 10; i += 1) {
        const { revision, records } = await store.load();
        expect(records.every(({ body }) => body?.revision === revision - 1)).toBe(true);
        expect(records).toHaveLength(revision === 0 ? 0 : 700);
      }
      await writes;
    });
  });
}

function describeTexts(opened: () => RegistryStore): void {
  describe('its texts', () => {
    it('are written, replaced and deleted with a commit', async () => {
      const document = () => opened().document('api/accounts');
      const commit = (onRevision: number, text: string | undefined) =>
        opened().commit(aCommit(onRevision, [], { documents: [{ name: 'api/accounts', text }] }));
      expect(await document()).toBeUndefined();
      await commit(0, '{ "openapi": "3.1.0" }\r\n\t星云 😀');
      expect(await document()).toBe('{ "openapi": "3.1.0" }\r\n\t星云 😀');
      await commit(1, '');
      expect(await document()).toBe('');
      await commit(2, 'y'.repeat(5_000_000));
      expect(await document()).toBe('y'.repeat(5_000_000));
      await commit(3, undefined);
      expect(await document()).toBeUndefined();
    });

    it('come back to the character, in bodies and in the audit log', async () => {
      const body = {
        texts: ['\0', '\ud800', '\u2028', '星云', '😀', '"\\'],
        numbers: [0, 1e21, 1e-7, 0.1, 12_345_678_901, -5],
        nested: { '': [[], {}, null, true], 10: 1, 9: 2, ['__proto__']: { a: 1 } },
      };
      const change = { kind: 'partner', id: 'a', body };
      await opened().commit(aCommit(0, [change]));
      const [record] = (await opened().load()).records;
      expect(JSON.stringify(record!.body)).toBe(JSON.stringify(body));
      const [entry] = await opened().auditAfter(0, 1);
      expect(entry!.changes).toEqual([{ kind: 'partner', id: 'a', before: null, after: body }]);
      expect(faultIn([entry!])).toBeUndefined();
    });
  });
}

function describeAudit(opened: () => RegistryStore): void {
  describe('its audit log', () => {
    it('is empty at first', async () => {
      expect(await opened().auditHead()).toEqual(EMPTY_CHAIN);
      expect(await opened().auditAfter(0, 10)).toEqual([]);
    });

    it('says who, what, why, when and what changed, in a chain over all commits', async () => {
      await opened().commit(aCommit(0, [aPartner('a')], { audit: [aDraft(), aDraft()] }));
      const draft = { ...aDraft([aPartner('b')], '为什么'), actor: 'system:seed' };
      const { auditHead } = await opened().commit(aCommit(1, [], { audit: [draft] }));
      const entries = await opened().auditAfter(0, 10);
      expect(entries.map(({ sequence, revision }) => [sequence, revision])).toEqual([
        [1, 1],
        [2, 1],
        [3, 2],
      ]);
      expect(entries[2]).toEqual({
        ...draft,
        sequence: 3,
        revision: 2,
        time: '2026-11-26T01:00:01.123Z',
        previousHash: entries[1]!.hash,
        hash: auditHead.hash,
      });
      expect(auditHead).toEqual({ sequence: 3, hash: entries[2]!.hash });
      expect(await opened().auditHead()).toEqual(auditHead);
      const verifier = new ChainVerifier();
      verifier.check(entries);
      expect(verifier.finish(auditHead)).toBeUndefined();
    });

    it('is read in pages', async () => {
      const audit = Array.from({ length: 1_500 }, (_, i) => aDraft([], `reason ${i}`));
      await opened().commit(aCommit(0, [], { audit }));
      const verifier = new ChainVerifier();
      let read = 0;
      for (;;) {
        const page = await opened().auditAfter(read, 400);
        expect(verifier.check(page)).toBeUndefined();
        read += page.length;
        if (page.length < 400) break;
      }
      expect(read).toBe(1_500);
      expect(verifier.finish(await opened().auditHead())).toBeUndefined();
    });

    it('holds also where a reason has what no database keeps', async () => {
      const drafts = ['a\0b', 'half \ud83d of a pair'].map(reason => aDraft([], reason));
      await opened().commit(aCommit(0, [], { audit: drafts }));
      const entries = await opened().auditAfter(0, 10);
      expect(faultIn(entries)).toBeUndefined();
      expect(entries.map(({ reason }) => reason)).toEqual(['a\ufffdb', 'half \ufffd of a pair']);
    });
  });
}
