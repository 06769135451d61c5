import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AdminUnderTest, placesOf, refusalOf, tokenOf } from './admin-fixture.ts';
import { APP, aPublicKey, KEY, LISTS, PARTNER, PLAN } from './record-fixture.ts';

const APPLY = '/v1/registry/apply';
const PLAN_PATH = '/v1/registry/plan';

/** Of all lists that are received at once. */
const LISTS_MAX_BYTES = 268_435_456;

async function seeded(more: Parameters<AdminUnderTest['seed']>[0] = {}): Promise<AdminUnderTest> {
  const admin = await AdminUnderTest.start();
  await admin.seed({ ...LISTS, ...more });
  return admin;
}

describe('the registry', () => {
  it('is exported as lists that may be applied, which changes nothing', async () => {
    const admin = await seeded();
    const { body: lists, headers } = await admin.call('/v1/registry/export', { as: 'vera' });
    expect(Object.keys(lists).sort()).toEqual(Object.keys(LISTS).sort());
    expect(lists.partners).toMatchObject([PARTNER]);
    expect(lists.keys[0]).not.toHaveProperty('meta');
    expect(headers.get('x-registry-revision')).toBe(String(admin.desk.revision));
    const { status, body } = await admin.call(APPLY, { body: { lists, prune: true } });
    expect({ status, body }).toMatchObject({ status: 200, body: { revision: 1, plan: [] } });
  });

  it('of many records is exported whole', async () => {
    const partners = Array.from({ length: 1_001 }, (_, i) => ({ ...PARTNER, id: `p-${i}` }));
    const admin = await AdminUnderTest.start();
    await admin.seed({ partners });
    const { body } = await admin.call('/v1/registry/export');
    expect(body.partners).toHaveLength(1_001);
    expect(new Set(body.partners.map(({ id }: { id: string }) => id)).size).toBe(1_001);
  });

  it('shows what applying lists would change, and changes nothing', async () => {
    const admin = await seeded();
    const lists = {
      partners: [
        { ...PARTNER, name: 'Other' },
        { ...PARTNER, id: 'second' },
      ],
    };
    const { body } = await admin.call(PLAN_PATH, { body: { lists }, as: 'vera' });
    expect(body).toEqual({
      revision: 1,
      plan: [
        { action: 'update', kind: 'partner', id: PARTNER.id, pointers: ['/name'] },
        { action: 'create', kind: 'partner', id: 'second', pointers: [] },
      ],
      approvals: [],
    });
    expect(admin.desk.revision).toBe(1);
  });

  it('is made what lists say, in the name of who asked', async () => {
    const admin = await seeded();
    const { apps: _, keys: __, subscriptions: ___, ...rest } = LISTS;
    const body = { lists: rest, prune: true, reason: 'Tidying', ifRevision: 1 };
    const answer = await admin.call(`${APPLY}?wait=10`, { body });
    expect(answer).toMatchObject({ status: 200, body: { revision: 2, served: true } });
    expect(
      answer.body.plan.map(({ action, kind }: Record<string, string>) => `${action} ${kind}`),
    ).toEqual(['delete subscription', 'delete key', 'delete app']);
    expect(answer.headers.get('x-registry-served')).toBe('true');
    const [entry] = await admin.desk.auditAfter(1, 1);
    expect(entry).toMatchObject({
      actor: 'operator:olga',
      action: 'registry.apply',
      reason: 'Tidying',
    });
  });

  it('tells its state: revision, store, fronts, counts', async () => {
    const admin = await AdminUnderTest.start({
      control: {
        registryFacts: () => ({
          ...{ driver: 'sqlite', fronts: [{ front: 0, version: 1 }] },
          lastFailure: { at: 'front 0', message: 'broke' },
        }),
      },
    });
    await admin.seed(LISTS);
    const { body } = await admin.call('/v1/registry/status');
    expect(body).toMatchObject({
      revision: 1,
      store: { driver: 'sqlite' },
      fronts: [{ front: 0, version: 1 }],
      lastFailure: { at: 'front 0', message: 'broke' },
      counts: { partner: 1, app: 1, key: 1, subscription: 1, approval: 0 },
    });
  });
});

describe('lists are refused', () => {
  it('as a whole, with each record that is wrong', async () => {
    const admin = await seeded();
    const lists = { partners: [{ id: 'x' }], apps: [{ ...APP, partner: 'nobody', colour: 'red' }] };
    for (const path of [PLAN_PATH, APPLY]) {
      const answer = await admin.call(path, { body: { lists } });
      expect(refusalOf(answer)).toBe('422 invalid');
      expect(placesOf(answer)).toContain('partner/x /name');
      expect(placesOf(answer)).toContain('app/nebula-app /colour');
    }
    expect(admin.desk.revision).toBe(1);
  });

  it('where the registry has moved on', async () => {
    const admin = await seeded();
    const answer = await admin.call(APPLY, { body: { lists: {}, ifRevision: 0 } });
    expect(refusalOf(answer)).toBe('412 stale');
  });

  it('in a body of another shape', async () => {
    const admin = await seeded();
    for (const body of [
      {},
      { lists: [] },
      { lists: { partner: [] } },
      { lists: {}, purge: true },
    ]) {
      expect(refusalOf(await admin.call(APPLY, { body }))).toBe('422 invalid');
    }
  });

  it('where a second person must approve part of it, which is named', async () => {
    const plans = [{ ...PLAN, approvals: ['production-credentials', 'partner-closure'] }];
    const admin = await seeded({ plans });
    const lists = {
      keys: [
        { ...KEY, publicKey: aPublicKey() },
        { ...KEY, id: 'second' },
      ],
      partners: [{ ...PARTNER, status: 'closed' }],
      // The rules of now count, and taking them away needs an approval itself.
      plans: [{ ...PLAN, approvals: [] }],
    };
    const answer = await admin.call(APPLY, { body: { lists } });
    expect(refusalOf(answer)).toBe('409 approval-required');
    expect(placesOf(answer).sort()).toEqual(
      [`key/${KEY.id}`, 'key/second', `partner/${PARTNER.id}`, `plan/${PLAN.id}`].sort(),
    );
    const { body } = await admin.call(PLAN_PATH, { body: { lists } });
    expect(body.approvals).toContainEqual({
      rule: 'production-credentials',
      kind: 'key',
      id: 'second',
    });
    expect(admin.desk.revision).toBe(1);
    const revoking = { lists: { keys: [{ ...KEY, revoked: true }] } };
    expect((await admin.call(APPLY, { body: revoking })).status).toBe(200);
  });

  it('while others are being received that take all the room there is', async () => {
    const admin = await seeded();
    const socket = connect(admin.listener.port, '127.0.0.1');
    const closed = new Promise(resolve => socket.once('close', resolve));
    socket.write(
      `POST ${APPLY} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Authorization: Bearer ${tokenOf('otto')}\r\nContent-Length: ${LISTS_MAX_BYTES}\r\n\r\n`,
    );
    await expect
      .poll(async () => refusalOf(await admin.call(PLAN_PATH, { body: {} })))
      .toBe('503 overloaded');
    socket.destroy();
    await closed;
    await expect
      .poll(async () => refusalOf(await admin.call(PLAN_PATH, { body: {} })))
      .toBe('422 invalid');
  });
});
