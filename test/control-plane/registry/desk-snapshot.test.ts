import { describe, expect, it } from 'vitest';
import { PLAIN_OPERATION, PLAIN_RESILIENCE, plainPlan } from '../../../src/core/plain-terms.ts';
import {
  API,
  APP,
  DeskUnderTest,
  KEY,
  PARTNER,
  PUBLIC_KEY,
  SUBSCRIPTION,
  TOPIC,
} from './desk-fixture.ts';

async function snapshotWith(
  ...records: Parameters<DeskUnderTest['put']>[]
): Promise<ReturnType<DeskUnderTest['desk']['snapshot']>> {
  const under = await DeskUnderTest.whole();
  for (const [kind, body] of records) await under.put(kind, body);
  return under.desk.snapshot();
}

describe('a snapshot', () => {
  it('has what fronts need of every record', async () => {
    const snapshot = await snapshotWith();
    const der = Buffer.from(PUBLIC_KEY.replace(/-----[A-Z ]+-----/g, ''), 'base64');
    expect(snapshot).toEqual({
      version: 1,
      partners: [
        {
          id: PARTNER.id,
          name: PARTNER.name,
          class: PARTNER.class,
          active: true,
          limits: undefined,
        },
      ],
      apps: [{ id: APP.id, partnerId: PARTNER.id, environment: 'production', active: true }],
      keys: [
        {
          id: KEY.id,
          appId: APP.id,
          algorithm: 'ed25519',
          material: new Uint8Array(der),
          notBeforeMs: 0,
          notAfterMs: Number.MAX_SAFE_INTEGER,
          revoked: false,
          schemes: ['rfc9421'],
        },
      ],
      plans: [plainPlan('gold')],
      products: [{ id: 'retail', apiIds: ['accounts'] }],
      apis: [
        {
          id: 'accounts',
          direction: 'outbound',
          upstreamId: 'core',
          sandboxUpstreamId: undefined,
          deprecation: undefined,
          operations: [
            {
              id: 'accounts.list',
              method: 'GET',
              pathTemplate: '/accounts/{customer}',
              scopes: [],
              access: 'signed',
              messageSignature: 'session',
              ...PLAIN_OPERATION,
            },
          ],
        },
      ],
      subscriptions: [{ appId: APP.id, productId: 'retail', planId: 'gold', scopes: [] }],
      upstreams: [
        {
          id: 'core',
          targets: [{ host: '127.0.0.1', port: 8081, weight: 1 }],
          tls: undefined,
          connectionsMax: 64,
          queueMax: 1_024,
          pipeliningMax: 1,
          connectTimeoutMs: 2_000,
          responseTimeoutMs: 10_000,
          bodyIdleTimeoutMs: 10_000,
          keepAliveMs: 30_000,
          responseHeadMaxBytes: 16_384,
          resilience: PLAIN_RESILIENCE,
        },
      ],
      topics: [{ id: TOPIC.id, apiId: 'accounts', scopes: [], audience: 'partner' }],
    });
  });

  it.each([
    ['applied', 'sandbox', false, false],
    ['in-review', 'sandbox', false, false],
    ['sandbox', 'sandbox', true, true],
    ['sandbox', 'production', true, false],
    ['certification', 'sandbox', true, true],
    ['certification', 'production', true, false],
    ['production', 'sandbox', true, true],
    ['production', 'production', true, true],
    ['suspended', 'sandbox', false, false],
    ['closed', 'production', false, false],
  ] as const)('of a partner in %s with a %s app: %s, %s', async (...given) => {
    const [status, environment, isPartnerActive, isAppActive] = given;
    const { partners, apps } = await snapshotWith(
      ['partner', { ...PARTNER, status }],
      ['app', { ...APP, environment }],
    );
    expect(partners[0]?.active).toBe(isPartnerActive);
    expect(apps[0]?.active).toBe(isAppActive);
  });

  it('has a suspended app as inactive', async () => {
    const { apps } = await snapshotWith(['app', { ...APP, status: 'suspended' }]);
    expect(apps[0]?.active).toBe(false);
  });

  it('has subscriptions that are approved', async () => {
    const { subscriptions } = await snapshotWith([
      'subscription',
      { ...SUBSCRIPTION, status: 'requested' },
    ]);
    expect(subscriptions).toEqual([]);
  });

  it('has neither drafts and retired APIs nor their topics', async () => {
    const { apis, topics, products } = await snapshotWith([
      'api',
      { ...API, lifecycle: 'retired' },
    ]);
    expect(apis).toEqual([]);
    expect(topics).toEqual([]);
    expect(products).toEqual([{ id: 'retail', apiIds: ['accounts'] }]);
  });

  it('says since when an API is deprecated and until when it is there', async () => {
    const { apis } = await snapshotWith([
      'api',
      {
        ...API,
        lifecycle: 'deprecated',
        deprecated: '2026-01-01T00:00:00Z',
        sunset: '2027-01-01T00:00:00+08:00',
      },
    ]);
    expect(apis[0]?.deprecation).toEqual({
      sinceMs: Date.UTC(2026, 0, 1),
      sunsetMs: Date.UTC(2026, 11, 31, 16),
    });
  });

  it('has all key material in one buffer of its own', async () => {
    const { keys } = await snapshotWith(['key', { ...KEY, id: 'k2' }]);
    const [first, second] = keys.map(({ material }) => material);
    expect(first!.buffer).toBe(second!.buffer);
    expect(first!.buffer.byteLength).toBe(first!.length + second!.length);
  });
});

describe('a delta', () => {
  it('of a revoked key has that key and nothing else', async () => {
    const under = await DeskUnderTest.whole();
    await under.put('key', { ...KEY, revoked: true });
    const none = { upserts: [], removals: [] };
    expect(under.deltas).toEqual([
      {
        version: 2,
        baseVersion: 1,
        partners: none,
        apps: none,
        keys: { upserts: [expect.objectContaining({ id: KEY.id, revoked: true })], removals: [] },
        rejoinedKeys: [],
        plans: none,
        products: none,
        subscriptions: [],
        apis: none,
        rejoinedApis: [],
        upstreams: none,
        topics: none,
      },
    ]);
  });

  it('of a suspended partner has its apps and names their keys', async () => {
    const under = await DeskUnderTest.whole();
    await under.put('partner', { ...PARTNER, status: 'suspended' });
    expect(under.deltas).toMatchObject([
      { apps: { upserts: [{ id: APP.id, active: false }] }, rejoinedKeys: [KEY.id] },
    ]);
  });

  it('of what no front is told is empty', async () => {
    const under = await DeskUnderTest.whole();
    await under.put('api', { ...API, description: 'For people.' });
    expect(under.deltas).toMatchObject([{ version: 2, apis: { upserts: [] }, rejoinedApis: [] }]);
  });

  it('of a subscription has all of its app', async () => {
    const under = await DeskUnderTest.whole();
    const second = { id: 'other', name: 'Other', apis: ['accounts'] };
    await under.put('product', second);
    await under.put('subscription', { ...SUBSCRIPTION, product: 'other' });
    expect(under.deltas[1]?.subscriptions).toMatchObject([
      { appId: APP.id, subscriptions: [{ productId: 'other' }, { productId: 'retail' }] },
    ]);
    await under.remove('subscription', `${APP.id}.other`);
    await under.remove('subscription', `${APP.id}.retail`);
    expect(under.deltas.at(-1)?.subscriptions).toEqual([{ appId: APP.id, subscriptions: [] }]);
  });
});
