import { describe, expect, it } from 'vitest';
import { compileSnapshot } from '../../../src/data-plane/route/index.ts';
import { changed, complaints, load, places, REGISTRY } from './registry-fixture.ts';

describe('a registry', () => {
  it('becomes a snapshot of plain records', async () => {
    const snapshot = await load();
    expect(snapshot).toMatchObject({
      version: 1,
      partners: [{ id: 'nebula', name: 'Nebula Pay', class: 'internet-platform', active: true }],
      apps: [{ id: 'nebula-app', partnerId: 'nebula', environment: 'production', active: true }],
      products: [{ id: 'information', apiIds: ['accounts'] }],
      plans: [{ id: 'standard' }],
      apis: [
        {
          id: 'accounts',
          direction: 'outbound',
          upstreamId: 'bank',
          operations: [
            {
              id: 'accounts.list',
              method: 'GET',
              pathTemplate: '/accounts/v1/accounts',
              scopes: ['accounts:read'],
              messageSignature: 'session',
            },
            { id: 'accounts.get', pathTemplate: '/accounts/v1/accounts/{id}', scopes: [] },
          ],
        },
      ],
      subscriptions: [
        {
          appId: 'nebula-app',
          productId: 'information',
          planId: 'standard',
          scopes: ['accounts:read'],
        },
      ],
    });
    expect(structuredClone(snapshot)).toEqual(snapshot);
  });

  it('compiles into what answers requests', async () => {
    const compiled = compileSnapshot(await load());
    expect(compiled.find('GET', '/accounts/v1/accounts/7')).toMatchObject({
      operation: { id: 'accounts.get' },
      upstream: { targets: [{ port: 9000 }] },
    });
    expect(compiled.grant('nebula-app', 'accounts')?.scopes.has('accounts:read')).toBe(true);
  });

  it('may be empty', async () => {
    expect(await load('')).toMatchObject({ partners: [], apis: [], upstreams: [] });
  });

  it('says which operations want a signature in every message', async () => {
    const text = changed('apis.0.operations.1.messageSignature', 'required');
    const signatures = (await load(text)).apis[0]?.operations.map(one => one.messageSignature);
    expect(signatures).toEqual(['session', 'required']);
  });

  it('keeps suspended partners and apps, marked, and drops suspended subscriptions', async () => {
    const suspended = (path: string) => load(changed(path, 'suspended'));
    expect((await suspended('partners.0.status')).partners[0]?.active).toBe(false);
    expect((await suspended('apps.0.status')).apps[0]?.active).toBe(false);
    expect((await suspended('subscriptions.0.status')).subscriptions).toEqual([]);
  });
});

describe('what the schema refuses', () => {
  it.each([
    ['partners.0.clas', 'x', '2 partners[0].clas'],
    ['partners.0.class', 'bank', '2 partners[0].class'],
    ['partners.0.name', '', '2 partners[0].name'],
    ['partners.0.status', 'active', '2 partners[0].status'],
    ['apps.0.status', 'maybe', '4 apps[0].status'],
    ['subscriptions.0.status', 'active', '12 subscriptions[0].status'],
    ['apps.0.partner', undefined, '4 apps[0].partner'],
    ['keys.0.algorithm', 'rsa-v1_5-sha1', '6 keys[0].algorithm'],
    ['keys.0.id', 'a"b', '6 keys[0].id'],
    ['keys.0.revoked', 'no', '6 keys[0].revoked'],
    ['keys.0.notAfter', '2027-01-01', '6 keys[0].notAfter'],
    ['products.0.apis', [], '8 products[0].apis'],
    ['products.0.apis', ['accounts', 'accounts'], '8 products[0].apis'],
    ['subscriptions.0.scopes', ['a b'], '12 subscriptions[0].scopes[0]'],
    ['apis.0.id', 'a.b', '14 apis[0].id'],
    ['apis.0.direction', 'sideways', '21 apis[0].direction'],
    ['apis.0.operations.0.method', 'TRACE', '19 apis[0].operations[0].method'],
    ['apis.0.operations.1.id', 'a b', '20 apis[0].operations[1].id'],
    ['apis.0.operations.1.messageSignature', 'no', '20 apis[0].operations[1].messageSignature'],
    ['upstreams.0.queueMax', -1, '22 upstreams[0].queueMax'],
    ['upstreams.0.connectTimeoutMs', 10.5, '22 upstreams[0].connectTimeoutMs'],
    ['upstreams.0.tls', { authority: 'x' }, '22 upstreams[0].tls.authority'],
    ['apis.0.version', '1.0', '21 apis[0].version'],
    ['plans.0.price', { currency: 'yuan' }, '10 plans[0].price.currency'],
    ['extra', 1, '23 extra'],
  ])('%s as %j is named with path and line', async (path, value, place) => {
    expect(await places(changed(path, value))).toEqual([place]);
  });

  it('is told all at once', async () => {
    const text = changed('upstreams.0.queueMax', -1, changed('apps.0.status', 'maybe'));
    expect(await places(text)).toEqual(['4 apps[0].status', '22 upstreams[0].queueMax']);
  });
});

describe('topics', () => {
  const topic = { id: 'movements', name: 'Movements', api: 'accounts', scopes: ['accounts:read'] };
  const withTopic = (change: object = {}) => changed('topics', [{ ...topic, ...change }]);

  it('are records with the API and scopes that entitle to them', async () => {
    const notices = { id: 'notices', name: 'Notices', api: 'accounts', audience: 'everyone' };
    const snapshot = await load(changed('topics', [topic, notices]));
    expect(snapshot.topics).toEqual([
      { id: 'movements', apiId: 'accounts', scopes: ['accounts:read'], audience: 'partner' },
      { id: 'notices', apiId: 'accounts', scopes: [], audience: 'everyone' },
    ]);
    expect(structuredClone(snapshot)).toEqual(snapshot);
    expect(compileSnapshot(snapshot).topics.get('notices')?.audience).toBe('everyone');
    expect((await load()).topics).toEqual([]);
  });

  it.each([
    ['id', { id: 'a.b' }],
    ['id', { id: '' }],
    ['name', { name: undefined }],
    ['api', { api: undefined }],
    ['scopes[0]', { scopes: ['a b'] }],
    ['audience', { audience: 'all' }],
    ['partner', { partner: 'nebula' }],
  ])('are refused by their %s', async (member, change) => {
    expect(await places(withTopic(change))).toEqual([`23 topics[0].${member}`]);
  });

  it('name an API that is there, and each its own id', async () => {
    expect(await places(withTopic({ api: 'nothing' }))).toEqual(['23 topics[0].api']);
    expect(await complaints(changed('topics', [topic, topic]))).toEqual([
      expect.stringMatching(/^topics\[1\]\.id: .* line 23$/),
    ]);
  });
});

describe('references', () => {
  it.each([
    ['apps.0.partner', 'nobody', '4 apps[0].partner'],
    ['keys.0.app', 'nobody', '6 keys[0].app'],
    ['products.0.apis.0', 'nothing', '8 products[0].apis[0]'],
    ['subscriptions.0.app', 'nobody', '12 subscriptions[0].app'],
    ['subscriptions.0.product', 'nothing', '12 subscriptions[0].product'],
    ['subscriptions.0.plan', 'nothing', '12 subscriptions[0].plan'],
    ['apis.0.upstream', 'nowhere', '17 apis[0].upstream'],
  ])('%s to what is not there is named', async (path, value, place) => {
    expect(await places(changed(path, value))).toEqual([place]);
    expect((await complaints(changed(path, value)))[0]).toContain(value);
  });

  it.each([
    ['partners', { id: 'nebula', name: 'Twin', class: 'supply-chain' }, 2],
    ['apps', { id: 'nebula-app', partner: 'nebula' }, 4],
    [
      'keys',
      { id: 'nebula-key', app: 'nebula-app', algorithm: 'ed25519', publicKeyFile: 'ed25519.pem' },
      6,
    ],
    ['products', { id: 'information', name: 'Twin', apis: ['accounts'] }, 8],
    ['plans', { id: 'standard', name: 'Twin' }, 10],
    ['upstreams', { id: 'bank', url: 'http://127.0.0.1:1' }, 22],
  ])('a second of the same id in %s is named beside the first', async (list, twin, firstLine) => {
    const [complaint, ...others] = await complaints(changed(`${list}.1`, twin));
    expect(others).toEqual([]);
    expect(complaint).toContain(`${list}[1].id: `);
    expect(complaint).toMatch(new RegExp(`line ${firstLine}$`));
  });

  it('of one app to one product are made once', async () => {
    const again = { app: 'nebula-app', product: 'information', plan: 'standard' };
    expect(await places(changed('subscriptions.1', again))).toEqual(['13 subscriptions[1]']);
  });

  it('are told together', async () => {
    const text = changed('apps.0.partner', 'nobody', changed('keys.0.app', 'nobody'));
    expect(await places(text)).toEqual(['4 apps[0].partner', '6 keys[0].app']);
  });

  it('are told once the records are right, and these together', async () => {
    let text = changed('apps.0.partner', 'nobody');
    text = changed('keys.0.algorithm', 'ecdsa-p256-sha256', text);
    text = changed('apis.0.operations.0.path', '/a//b', text);
    text = changed('upstreams.0.url', 'ftp://bank', text);
    expect(await places(text)).toEqual([
      '6 keys[0].publicKeyFile',
      '19 apis[0].operations[0].path',
      '22 upstreams[0].url',
    ]);
  });

  it('that are wrong a thousand times are told in 200 lines', async () => {
    const apps = Array.from({ length: 1_000 }, (_, i) => `  - {id: app-${i}, partner: nobody}`);
    const text = REGISTRY.replace(/apps:\n.*\n/, `apps:\n${apps.join('\n')}\n`);
    expect(await complaints(text)).toHaveLength(200);
  });
});
