import { afterEach, describe, expect, it, vi } from 'vitest';
import { SecretSealer } from '../../../src/control-plane/registry/sealer.ts';
import { createMemoryRegistryStore } from '../../../src/stores/memory/registry-store.ts';
import { RegistryStoreError } from '../../../src/stores/registry-contract.ts';
import { API, APP, DeskUnderTest, KEY, PARTNER, refusalsOf } from './desk-fixture.ts';

const failWith = (code: RegistryStoreError['code']) => () => {
  throw new RegistryStoreError(code, 'As the test wants it.');
};

/** Two hosts over one store; neither hears of the other unless it is told. */
async function twoHosts() {
  const shared = createMemoryRegistryStore();
  const one = await DeskUnderTest.whole(shared);
  return { shared, one, two: await DeskUnderTest.open(shared) };
}

const plan = (name: string) => ({ id: 'gold', name });

afterEach(() => {
  vi.useRealTimers();
});

describe('what another host commits', () => {
  it('is followed where the store tells of it', async () => {
    const { one, two } = await twoHosts();
    await one.put('plan', plan('A'));
    await one.put('partner', { ...PARTNER, status: 'suspended' });
    two.store.notify();
    await vi.waitUntil(() => two.reports.length > 0);
    expect(two.reports).toEqual([{ event: 'followed', fromRevision: 1, revision: 3 }]);
    expect(two.desk.get('plan', 'gold')?.body).toEqual(one.desk.get('plan', 'gold')?.body);
    expect(two.deltas).toMatchObject([
      { baseVersion: 1, version: 3, partners: { upserts: [{ active: false }] } },
    ]);
  });

  it('comes before a change that was made without knowing it', async () => {
    const { one, two } = await twoHosts();
    await one.put('plan', plan('A'));
    expect(await two.put('partner', { ...PARTNER, name: 'B' })).toMatchObject({ revision: 3 });
    expect(two.deltas.map(({ baseVersion, version }) => [baseVersion, version])).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(two.desk.get('plan', 'gold')?.body).toMatchObject(plan('A'));
  });

  it('may be what speaks against a change', async () => {
    const { one, two } = await twoHosts();
    await one.put('partner', { id: 'leaving', name: 'L', class: 'data-provider' });
    two.store.notify();
    await vi.waitUntil(() => two.desk.count('partner') === 2);
    await one.remove('partner', 'leaving');
    const result = await two.put('app', { id: 'late', partner: 'leaving' });
    expect(refusalsOf(result)).toEqual(['conflict app/late /partner']);
    const clash = { ...API, id: 'clash', basePath: '/clash' };
    await one.put('api', clash);
    const twin = await two.put('api', { ...clash, id: 'twin' });
    expect(refusalsOf(twin)).toEqual(['conflict api/twin /operations/0']);
  });

  it('wins in the end where it never ceases', async () => {
    const { one, two } = await twoHosts();
    for (let count = 0; count < 10; count++) {
      two.store.beforeCommit.push(async () => {
        await one.put('plan', plan(`name ${count}`));
      });
    }
    await expect(two.put('partner', { ...PARTNER, name: 'B' })).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(two.store.commits).toHaveLength(5);
    expect(two.desk.get('partner', PARTNER.id)?.version).toBe(1);
  });

  it('is asked for again where it could not be read', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { one, two } = await twoHosts();
    await one.put('plan', plan('A'));
    two.store.beforeFollow.push(failWith('unavailable'));
    two.store.notify();
    await vi.waitUntil(() => two.reports.length > 0, { interval: 0 });
    expect(two.reports).toMatchObject([{ event: 'follow-failed', error: { code: 'unavailable' } }]);
    await vi.advanceTimersByTimeAsync(1_000);
    await two.desk.close();
    expect(two.reports[1]).toMatchObject({ event: 'followed', revision: 2 });
  });
});

describe('a commit that fails', () => {
  it('has changed nothing, and the next one goes through', async () => {
    const under = await DeskUnderTest.whole();
    under.store.beforeCommit.push(failWith('full'));
    const other = { ...API, id: 'other', basePath: '/other' };
    await expect(under.put('api', other)).rejects.toMatchObject({ code: 'full' });
    expect(under.desk.count('api')).toBe(1);
    expect(under.deltas).toEqual([]);
    expect(refusalsOf(await under.put('api', { ...other, id: 'another' }))).toEqual([]);
  });

  it('and may have happened is looked up before anybody else is asked', async () => {
    const under = await DeskUnderTest.whole();
    under.store.afterCommit.push(failWith('unknown'));
    await expect(under.put('plan', plan('A'))).rejects.toMatchObject({ code: 'unknown' });
    expect(under.desk.get('plan', 'gold')).toMatchObject({ version: 2, body: plan('A') });
    expect(under.deltas).toMatchObject([{ version: 2, baseVersion: 1 }]);
    expect(under.store.follows).toMatchObject([{ revision: 1, isSettled: true }]);
  });

  it('and may still be on its way is waited for until that is known', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const under = await DeskUnderTest.whole();
    under.store.beforeCommit.push(failWith('unknown'));
    under.store.beforeFollow.push(failWith('unavailable'));
    await expect(under.put('plan', plan('A'))).rejects.toMatchObject({ code: 'unknown' });
    await vi.advanceTimersByTimeAsync(1_000);
    await under.put('plan', plan('B'));
    under.store.notify();
    await under.desk.close();
    const settled = under.store.follows.map(({ isSettled }) => isSettled);
    expect(settled).toEqual([true, true, false]);
  });

  it('and may have happened is looked up by the next change at the latest', async () => {
    const under = await DeskUnderTest.whole();
    under.store.afterCommit.push(failWith('unknown'));
    under.store.beforeFollow.push(failWith('unavailable'));
    await expect(under.put('plan', plan('A'))).rejects.toMatchObject({ code: 'unknown' });
    expect(under.desk.revision).toBe(1);
    under.store.beforeFollow.push(failWith('unavailable'));
    await expect(under.put('plan', plan('B'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(await under.put('plan', plan('B'))).toMatchObject({ revision: 3 });
    expect(under.deltas.map(({ version }) => version)).toEqual([2, 3]);
    await under.desk.close();
  });
});

describe('changes at the same time', () => {
  it('are made one by one, in their order', async () => {
    const under = await DeskUnderTest.whole();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => under.put('plan', plan(`name ${index}`))),
    );
    expect(results.map(result => 'revision' in result && result.revision)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    expect(under.desk.get('plan', 'gold')?.body).toMatchObject(plan('name 19'));
  });

  it('are turned away where too many wait', async () => {
    const under = await DeskUnderTest.whole();
    const results = await Promise.allSettled(
      Array.from({ length: 300 }, (_, index) => under.put('plan', plan(`name ${index}`))),
    );
    const refused = results.flatMap(result =>
      result.status === 'rejected' ? [(result.reason as RegistryStoreError).code] : [],
    );
    expect(refused).toEqual(Array.from({ length: 300 - 256 }, () => 'unavailable'));
    expect(await under.put('plan', plan('later'))).toMatchObject({ revision: 258 });
  });

  it('are waited for at the end, and there are none behind it', async () => {
    const under = await DeskUnderTest.whole();
    const last = under.put('plan', plan('A'));
    await under.desk.close();
    expect(under.deltas).toHaveLength(1);
    await expect(last).resolves.toMatchObject({ revision: 2 });
    await expect(under.put('plan', plan('B'))).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('a secret that cannot be opened', () => {
  const secret = Buffer.alloc(32, 7).toString('base64');
  const hmac = { id: 'h1', app: APP.id, algorithm: 'hmac-sha256', secret };

  it('is told, and its key is not published', async () => {
    const { shared, one } = await twoHosts();
    await one.put('key', hmac);
    const keysOf = ({ desk }: DeskUnderTest) => desk.snapshot().keys.map(({ id }) => id);
    expect(keysOf(one)).toEqual(['h1', KEY.id]);
    const stranger = await DeskUnderTest.open(shared, { sealer: SecretSealer.create() });
    expect(keysOf(stranger)).toEqual([KEY.id]);
    expect(stranger.reports).toEqual([{ event: 'secret-unreadable', kind: 'key', id: 'h1' }]);
    await stranger.put('app', { ...APP, status: 'suspended' });
    expect(stranger.deltas).toMatchObject([{ rejoinedKeys: [KEY.id] }]);
  });
});
