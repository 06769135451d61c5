import { describe, expect, it } from 'vitest';
import { publish } from '../../../src/core/published-snapshot.ts';
import type { KeyRecord, SubscriptionRecord } from '../../../src/core/snapshot.ts';
import { compileSnapshot, compileSnapshotSliced } from '../../../src/data-plane/route/index.ts';
import { anApi, aSnapshot } from './route-fixture.ts';

function aKey(id: string, material: number[], overrides: Partial<KeyRecord> = {}): KeyRecord {
  return {
    id,
    appId: 'app-1',
    algorithm: 'hmac-sha256',
    material: Uint8Array.from(material),
    schemes: ['rfc9421'],
    notBeforeMs: 0,
    notAfterMs: Number.MAX_SAFE_INTEGER,
    revoked: false,
    ...overrides,
  };
}

function aSubscription(overrides: Partial<SubscriptionRecord>): SubscriptionRecord {
  return { appId: 'app-1', planId: 'standard', productId: 'money', scopes: [], ...overrides };
}

describe('a compiled snapshot', () => {
  it('joins keys with their app and partner, and operations with their upstream', () => {
    const snapshot = aSnapshot({ keys: [aKey('k', [1])], apis: [anApi('accounts', 'GET /a')] });
    const compiled = compileSnapshot(snapshot);
    expect(compiled.version).toBe(1);
    expect(compiled.keys.get('k')).toMatchObject({
      key: { id: 'k' },
      app: { id: 'app-1' },
      partner: { id: 'partner-1' },
    });
    expect(compiled.operation('accounts.GET-/a')).toMatchObject({
      upstream: { id: 'bank' },
      sandboxUpstream: undefined,
      deprecationFields: undefined,
    });
    expect(compiled.upstreams.get('bank')).toBe(snapshot.upstreams[0]);
  });

  it('throws for references to what it does not hold', () => {
    const orphan = aKey('k', [1], { appId: 'nobody' });
    expect(() => compileSnapshot(aSnapshot({ keys: [orphan] }))).toThrow(/app nobody/);
    const apis = [anApi('accounts', 'GET /a')];
    expect(() => compileSnapshot(aSnapshot({ apis, upstreams: [] }))).toThrow(/upstream bank/);
    const sandboxed = [{ ...apis[0]!, sandboxUpstreamId: 'lab' }];
    expect(() => compileSnapshot(aSnapshot({ apis: sandboxed }))).toThrow(/upstream lab/);
    const subscriptions = [aSubscription({})];
    expect(() => compileSnapshot(aSnapshot({ subscriptions }))).toThrow(/product money/);
  });

  it('says of a deprecated API since when it is and when it goes', () => {
    const deprecation = {
      sinceMs: Date.UTC(2026, 0, 1, 0, 0, 0, 999),
      sunsetMs: Date.UTC(2026, 9, 1),
    };
    const apis = [{ ...anApi('accounts', 'GET /a', 'GET /b'), deprecation }];
    const compiled = compileSnapshot(aSnapshot({ apis }));
    const fields = compiled.operation('accounts.GET-/a')!.deprecationFields;
    expect(fields).toEqual([
      'deprecation',
      '@1767225600',
      'sunset',
      'Thu, 01 Oct 2026 00:00:00 GMT',
    ]);
    expect(compiled.operation('accounts.GET-/b')!.deprecationFields).toBe(fields);
  });
});

describe('key serials', () => {
  it('stay over a swap while key id, algorithm and material stay', () => {
    const first = compileSnapshot(aSnapshot({ keys: [aKey('k', [1, 2])] }));
    const second = compileSnapshot(
      aSnapshot({ keys: [aKey('k', [1, 2], { revoked: true })] }),
      first,
    );
    expect(second.keys.get('k')?.serial).toBe(first.keys.get('k')?.serial);
    expect(second.keys.get('k')?.key.revoked).toBe(true);
  });

  it('are never used again for anything else', () => {
    const seen = new Set<number>();
    let previous = compileSnapshot(aSnapshot());
    const compileNext = (...keys: KeyRecord[]) => {
      previous = compileSnapshot(aSnapshot({ keys }), previous);
      for (const { id } of keys) {
        const { serial } = previous.keys.get(id)!;
        expect(seen.has(serial)).toBe(false);
        seen.add(serial);
      }
    };
    compileNext(aKey('k', [1]), aKey('l', [1]));
    compileNext(aKey('k', [2]), aKey('l', [1, 1]));
    compileNext(aKey('k', [2], { algorithm: 'ed25519' }));
    compileNext();
    // The key that left and came back is new: workers may have dropped or kept the old one.
    compileNext(aKey('k', [2], { algorithm: 'ed25519' }));
    expect(seen.size).toBe(6);
  });
});

describe('grants', () => {
  const subscriptions = [
    aSubscription({ planId: 'premium', productId: 'all', scopes: ['read'] }),
    aSubscription({ planId: 'standard', productId: 'money', scopes: ['read', 'write'] }),
    aSubscription({ appId: 'app-2', productId: 'plastic', scopes: ['admin'] }),
  ];
  const products = [
    { id: 'all', apiIds: ['accounts', 'cards'] },
    { id: 'money', apiIds: ['accounts'] },
    { id: 'plastic', apiIds: ['cards'] },
  ];
  const compiled = compileSnapshot(aSnapshot({ subscriptions, products }));

  it('merge the scopes of all subscriptions under the first plan', () => {
    const grant = compiled.grant('app-1', 'accounts');
    expect(grant?.planId).toBe('premium');
    expect([...grant!.scopes].sort()).toEqual(['read', 'write']);
    expect([...compiled.grant('app-1', 'cards')!.scopes]).toEqual(['read']);
  });

  it('are absent where nothing is subscribed, and the same object each time where it is', () => {
    expect(compiled.grant('app-2', 'accounts')).toBeUndefined();
    expect(compiled.grant('app-3', 'cards')).toBeUndefined();
    expect(compiled.grant('app-1', 'transfers')).toBeUndefined();
    expect(compiled.grant('app-1', 'accounts')).toBe(compiled.grant('app-1', 'accounts'));
    expect(compiled.grant('app-2', 'cards')).toBe(compiled.grant('app-2', 'cards'));
  });
});

describe('a sliced compilation', () => {
  const many = aSnapshot({
    keys: Array.from({ length: 5_000 }, (_, i) => aKey(`key-${i}`, [i % 256, i >> 8])),
    apis: Array.from({ length: 50 }, (_, i) => anApi(`api-${i}`, `GET /s${i}/a`, `GET /s${i}/{x}`)),
    products: [{ id: 'money', apiIds: ['api-7'] }],
    subscriptions: [aSubscription({ scopes: ['read'] })],
  });

  it('gives the event loop a turn after every slice', async () => {
    let turns = 0;
    let stopped = false;
    const count = () => {
      turns++;
      if (!stopped) setImmediate(count);
    };
    setImmediate(count);
    // Each look at this clock is a millisecond later, so every slice ends at its first look.
    let nowMs = 0;
    const clock = { wallMs: () => 0, monotonicMs: () => nowMs++ };
    await compileSnapshotSliced(publish(many), undefined, 1, clock);
    stopped = true;
    expect(turns).toBeGreaterThan(5_000 / 128 / 2);
  });

  it('makes what the compilation in one go makes', async () => {
    const whole = compileSnapshot(many);
    const sliced = await compileSnapshotSliced(publish(many), whole, 1);
    for (const { id } of many.keys) expect(sliced.keys.get(id)).toEqual(whole.keys.get(id));
    for (const { id } of many.apis.flatMap(api => api.operations)) {
      expect(sliced.operation(id)).toEqual(whole.operation(id));
    }
    expect(sliced.find('GET', '/s49/7')).toMatchObject({ api: { id: 'api-49' } });
    expect(sliced.grant('app-1', 'api-7')?.scopes.has('read')).toBe(true);
  });

  it('rejects for a snapshot that is broken', async () => {
    const broken = aSnapshot({ keys: [aKey('k', [1], { appId: 'nobody' })] });
    await expect(compileSnapshotSliced(publish(broken), undefined, 1)).rejects.toThrow(
      /app nobody/,
    );
  });
});
