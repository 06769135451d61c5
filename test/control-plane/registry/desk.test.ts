import { describe, expect, it } from 'vitest';
import {
  API,
  APP,
  DeskUnderTest,
  KEY,
  PARTNER,
  refusalsOf,
  SUBSCRIPTION,
  TRACE,
  UPSTREAM,
  WHOLE,
} from './desk-fixture.ts';

describe('a change', () => {
  it('fills defaults in, counts versions and moves the revision', async () => {
    const { desk, ...under } = await open();
    expect(await under.put('partner', PARTNER)).toMatchObject({
      revision: 1,
      records: [{ kind: 'partner', id: PARTNER.id, version: 1, revision: 1 }],
    });
    const result = await under.put('partner', { ...PARTNER, name: 'Nebula' });
    expect(result).toMatchObject({ revision: 2, records: [{ version: 2, revision: 2 }] });
    expect(desk.revision).toBe(2);
    expect(desk.get('partner', PARTNER.id)?.body).toEqual({
      ...PARTNER,
      name: 'Nebula',
      status: 'production',
      contacts: [],
    });
  });

  it('is of the instant that was said', async () => {
    const { desk } = await open();
    const changes = [{ kind: 'partner', id: PARTNER.id, body: PARTNER } as const];
    await desk.change({ ...TRACE, changes, atMs: 1_234 });
    expect(desk.get('partner', PARTNER.id)).toMatchObject({ createdAtMs: 1_234 });
  });

  it('that changes nothing commits nothing, and says what is there', async () => {
    const { store, deltas, ...under } = await whole();
    const result = await under.put('app', APP);
    expect(result).toMatchObject({ revision: 1, records: [{ id: APP.id, version: 1 }] });
    expect(store.commits).toEqual([]);
    expect(deltas).toEqual([]);
  });

  it('leaves out what does not differ', async () => {
    const { store, ...under } = await whole();
    await under.change(
      { kind: 'app', id: APP.id, body: APP },
      { kind: 'partner', id: PARTNER.id, body: { ...PARTNER, name: 'Nebula' } },
    );
    expect(store.commits[0]?.changes.map(({ id }) => id)).toEqual([PARTNER.id]);
  });

  it('takes what it shows without a change', async () => {
    const { desk, store, ...under } = await whole();
    await under.put('key', desk.get('key', KEY.id)!.body);
    await under.put('upstream', desk.get('upstream', UPSTREAM.id)!.body);
    expect(store.commits).toEqual([]);
  });

  it('is all or nothing', async () => {
    const { desk, ...under } = await open();
    const result = await under.change(
      { kind: 'partner', id: PARTNER.id, body: PARTNER },
      { kind: 'app', id: APP.id, body: { ...APP, partner: 'nobody' } },
    );
    expect(refusalsOf(result)).toEqual([`conflict app/${APP.id} /partner`]);
    expect(desk.count('partner')).toBe(0);
    expect(desk.revision).toBe(0);
  });

  it('is read with all others of its request, whatever their order', async () => {
    const under = await open();
    const result = await under.change(
      { kind: 'app', id: APP.id, body: APP },
      { kind: 'partner', id: PARTNER.id, body: PARTNER },
    );
    expect(refusalsOf(result)).toEqual([]);
  });

  it('says everything that does not fit', async () => {
    const under = await open();
    const result = await under.change(
      { kind: 'partner', id: PARTNER.id, body: { ...PARTNER, class: 'bank' } },
      { kind: 'plan', id: 'gold', body: { id: 'silver', name: 'Gold' } },
      { kind: 'plan', id: 'gold', body: undefined },
    );
    expect(refusalsOf(result)).toEqual([
      `invalid partner/${PARTNER.id} /class`,
      'invalid plan/gold /id',
      'invalid plan/gold',
    ]);
  });
});

describe('a lost update', () => {
  it('is refused where the record has another version', async () => {
    const under = await whole();
    const change = { kind: 'partner', id: PARTNER.id } as const;
    const result = await under.change({ ...change, body: PARTNER, ifVersion: 2 });
    expect(refusalsOf(result)).toEqual([`stale partner/${PARTNER.id}`]);
    const created = await under.change({ ...change, body: PARTNER, ifVersion: 0 });
    expect(refusalsOf(created)).toEqual([`stale partner/${PARTNER.id}`]);
  });

  it('is refused where the record is not there', async () => {
    const under = await whole();
    const change = { kind: 'plan', id: 'silver' } as const;
    const body = { id: 'silver', name: 'Silver' };
    expect(refusalsOf(await under.change({ ...change, body, ifVersion: 1 }))).toEqual([
      'missing plan/silver',
    ]);
    expect(refusalsOf(await under.remove('plan', 'silver'))).toEqual(['missing plan/silver']);
  });

  it('is refused where the registry has moved', async () => {
    const { desk } = await whole();
    const changes = [{ kind: 'plan', id: 'gold', body: { id: 'gold', name: 'G' } }] as const;
    const refused = await desk.change({ ...TRACE, changes, ifRevision: 0 });
    expect(refusalsOf(refused)).toEqual(['stale /']);
    expect(refusalsOf(await desk.change({ ...TRACE, changes, ifRevision: 1 }))).toEqual([]);
  });
});

describe('what is named', () => {
  it.each([
    ['app', { ...APP, partner: 'x' }, '/partner'],
    ['key', { ...KEY, app: 'x' }, '/app'],
    ['api', { ...API, upstream: 'x' }, '/upstream'],
    ['api', { ...API, sandboxUpstream: 'x' }, '/sandboxUpstream'],
    ['topic', { id: 't', name: 'T', api: 'x' }, '/api'],
    ['product', { id: 'p', name: 'P', apis: ['accounts', 'x'] }, '/apis/1'],
    ['subscription', { ...SUBSCRIPTION, plan: 'x' }, '/plan'],
  ] as const)('must be there: a %s', async (kind, body, pointer) => {
    const under = await whole();
    const [refusal] = refusalsOf(await under.put(kind, body as never));
    expect(refusal).toMatch(new RegExp(`^conflict ${kind}/[^ ]+ ${pointer}$`));
  });

  it.each([
    ['partner', PARTNER.id],
    ['app', APP.id],
    ['upstream', 'core'],
    ['api', 'accounts'],
    ['product', 'retail'],
    ['plan', 'gold'],
  ] as const)('must not go: a %s', async (kind, id) => {
    const under = await whole();
    expect(refusalsOf(await under.remove(kind, id))).toEqual([`conflict ${kind}/${id}`]);
  });

  it('may go with those that name it', async () => {
    const { desk, ...under } = await whole();
    const result = await under.change(
      { kind: 'app', id: APP.id, body: undefined },
      { kind: 'key', id: KEY.id, body: undefined },
      { kind: 'subscription', id: `${APP.id}.retail`, body: undefined },
    );
    expect(refusalsOf(result)).toEqual([]);
    expect(desk.get('app', APP.id)).toBeUndefined();
  });

  it('is told of with five at most that name it', async () => {
    const under = await whole();
    const apps = Array.from({ length: 7 }, (_, index) => ({ ...APP, id: `app-${index}` }));
    await under.apply({ apps });
    const result = await under.remove('partner', PARTNER.id);
    const [refusal] = 'refusals' in result ? result.refusals : [];
    expect(refusal?.message.match(/app [a-z0-9-]+/g)).toHaveLength(5);
  });
});

describe('operations', () => {
  const twin = { ...API, id: 'other' };

  it('of two published APIs are told apart', async () => {
    const under = await whole();
    expect(refusalsOf(await under.put('api', twin))).toEqual(['conflict api/other /operations/0']);
    expect(refusalsOf(await under.put('api', { ...twin, lifecycle: 'draft' }))).toEqual([]);
    expect(refusalsOf(await under.put('api', { ...twin, lifecycle: 'published' }))).toEqual([
      'conflict api/other /operations/0',
    ]);
  });

  it('may move from one API to another in one request, in either order', async () => {
    const moved = { ...API, operations: [{ id: 'get', method: 'GET', path: '/{customer}/{id}' }] };
    const changes = [
      { kind: 'api', id: twin.id, body: twin },
      { kind: 'api', id: moved.id, body: moved },
    ] as const;
    expect(refusalsOf(await (await whole()).change(...changes))).toEqual([]);
    expect(refusalsOf(await (await whole()).change(...changes.toReversed()))).toEqual([]);
  });

  it('that were refused or only tried are not in the way later', async () => {
    const under = await whole();
    const other = { ...API, id: 'other', basePath: '/other' };
    const another = { ...other, id: 'another' };
    const both = await under.apply({ apis: [other, another] });
    expect(refusalsOf(both)).toEqual(['conflict api/other /operations/0']);
    await under.apply({ apis: [other] }, { dryRun: true });
    expect(refusalsOf(await under.put('api', another))).toEqual([]);
    await under.remove('api', 'another');
    expect(refusalsOf(await under.put('api', other))).toEqual([]);
  });
});

describe('records of processes', () => {
  it('take any object, are versioned, and no front sees them', async () => {
    const { desk, deltas, ...under } = await whole();
    const body = { id: 'a1', steps: [{ by: 'operator:ann' }] };
    expect(await under.change({ kind: 'approval', id: 'a1', body })).toMatchObject({
      records: [{ kind: 'approval', id: 'a1', version: 1, body }],
    });
    expect(deltas).toMatchObject([{ version: 2, baseVersion: 1, apps: { upserts: [] } }]);
    expect(desk.export()).not.toHaveProperty('approvals');
  });

  it('have at most a megabyte', async () => {
    const under = await open();
    const body = { text: 'x'.repeat(1_048_576) };
    expect(refusalsOf(await under.change({ kind: 'onboarding', id: 'o', body }))).toEqual([
      'invalid onboarding/o',
    ]);
  });
});

describe('what no database keeps', () => {
  it.each(['a\0b', 'half \ud83d of a pair'])('is refused in ids and documents: %j', async text => {
    const { desk, store, change } = await open();
    const process = { kind: 'approval', id: text, body: { x: 1 } } as const;
    expect(refusalsOf(await change(process))).toEqual(['invalid /']);
    const { id, ...rest } = process;
    expect(refusalsOf(await change({ ...rest, id: 'a', body: { text } }))).toEqual([]);
    for (const document of [
      { name: 'd', text },
      { name: text, text: '' },
      { name: id, text: undefined },
    ]) {
      const request = { ...TRACE, changes: [], documents: [document] };
      expect(refusalsOf(await desk.change(request))).toEqual(['invalid /']);
    }
    expect(store.commits).toHaveLength(1);
  });

  it('is a document that is there twice in a request', async () => {
    const { desk } = await open();
    const twice = ['1', '2'].map(text => ({ name: 'd', text }));
    const refused = await desk.change({ ...TRACE, changes: [], documents: twice });
    expect(refusalsOf(refused)).toEqual(['invalid /']);
    const two = [twice[0]!, { name: 'e', text: '2 😀' }];
    expect(await desk.change({ ...TRACE, changes: [], documents: two })).toMatchObject({
      revision: 1,
    });
  });
});

describe('a registry that is read from a file', () => {
  it('is changed by who reads it, and by nobody else', async () => {
    const under = await DeskUnderTest.open(undefined, { isReadOnly: true });
    const { desk } = under;
    expect(refusalsOf(await under.put('partner', PARTNER))).toEqual(['read-only /']);
    expect(refusalsOf(await under.apply(WHOLE))).toEqual(['read-only /']);
    expect(await under.apply(WHOLE, { dryRun: true })).toMatchObject({ revision: 0 });
    const request = { actor: 'system:file', reason: '', prune: true, dryRun: false };
    expect(await desk.applyFile({ ...request, lists: WHOLE })).toMatchObject({ revision: 1 });
  });
});

describe('lists', () => {
  it('come by pages in the order of ids', async () => {
    const { desk, ...under } = await whole();
    const ids = ['b', 'a-1', 'Z', 'a', 'c'];
    await under.apply({ plans: ids.map(id => ({ id, name: id })) });
    const first = desk.list({ kind: 'plan', limit: 2 });
    expect(first.records.map(({ id }) => id)).toEqual(['Z', 'a']);
    const second = desk.list({ kind: 'plan', limit: 10, after: first.next! });
    expect(second.records.map(({ id }) => id)).toEqual(['a-1', 'b', 'c', 'gold']);
    expect(second.next).toBeUndefined();
    expect(desk.list({ kind: 'plan', limit: 10, after: 'aa' }).records[0]?.id).toBe('b');
  });

  it('have those that name a record, or have a property', async () => {
    const { desk, ...under } = await whole();
    await under.apply({
      apps: [
        { ...APP, id: 'second', environment: 'sandbox' },
        { ...APP, id: 'third', status: 'suspended' },
      ],
    });
    const find = (where: Record<string, string>, kind: 'app' | 'product' | 'key' = 'app') =>
      desk.list({ kind, limit: 10, where }).records.map(({ id }) => id);
    expect(find({ partner: PARTNER.id })).toEqual([APP.id, 'second', 'third']);
    expect(find({ partner: PARTNER.id, status: 'active' })).toEqual([APP.id, 'second']);
    expect(find({ environment: 'sandbox' })).toEqual(['second']);
    expect(find({ partner: 'nobody' })).toEqual([]);
    expect(find({ nothing: 'x' })).toEqual([]);
    expect(find({ apis: 'accounts' }, 'product')).toEqual(['retail']);
    expect(find({ revoked: 'false' }, 'key')).toEqual([KEY.id]);
  });

  it('end early where much was looked at in vain, and go on', async () => {
    const { desk, ...under } = await open();
    await under.put('partner', PARTNER);
    const apps = Array.from({ length: 10_002 }, (_, index) => ({
      ...APP,
      id: `app-${1e5 + index}`,
    }));
    await under.apply({ apps: [...apps, { ...APP, id: 'last', status: 'suspended' }] });
    const where = { status: 'suspended' };
    const first = desk.list({ kind: 'app', limit: 10, where });
    expect(first.records).toEqual([]);
    const second = desk.list({ kind: 'app', limit: 10, where, after: first.next! });
    expect(second).toMatchObject({ records: [{ id: 'last' }], next: undefined });
  });
});

async function open() {
  return bound(await DeskUnderTest.open());
}

async function whole() {
  return bound(await DeskUnderTest.whole());
}

/** So that tests may take apart what they need. */
function bound(under: DeskUnderTest) {
  return {
    desk: under.desk,
    store: under.store,
    deltas: under.deltas,
    change: under.change.bind(under),
    put: under.put.bind(under),
    remove: under.remove.bind(under),
    apply: under.apply.bind(under),
  };
}
