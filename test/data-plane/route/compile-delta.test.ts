import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  CompiledSnapshot,
  KeyEntry,
  RegistrySnapshot,
  SnapshotDelta,
} from '../../../src/core/snapshot.ts';
import {
  compileDelta,
  compileSnapshot,
  freezeSnapshot,
  isWorn,
  renewFrozen,
  renewSnapshot,
} from '../../../src/data-plane/route/index.ts';
import { deltaBetween, ids, OPERATIONS, registries } from './random-registries.ts';
import { anApi, aSnapshot } from './route-fixture.ts';

const PATHS = ['/a', '/a/b', '/a/x', '/a/b/c', '/a/x/c', '/y/b', '/d/e/f', '/d/e', '/a/%62'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];

/** Everything that a snapshot answers about the ids and paths of random registries. */
function answersOf(compiled: CompiledSnapshot) {
  const bare = (entry: KeyEntry | undefined) => entry && { ...entry, serial: 0 };
  const grants = ids('app', 4).flatMap(app => ids('api', 3).map(api => [app, api] as const));
  const operationIds = ids('api', 3).flatMap(api =>
    OPERATIONS.flatMap((_, i) => [`${api}.op${i}`, `${api}.other${i}`]),
  );
  return {
    version: compiled.version,
    keys: ids('key', 5).map(id => bare(compiled.keys.get(id))),
    upstreams: ids('upstream', 2).map(id => compiled.upstreams.get(id)),
    topics: ids('topic', 2).map(id => compiled.topics.get(id)),
    operations: operationIds.map(id => compiled.operation(id)),
    grants: grants.map(([app, api]) => compiled.grant(app, api)),
    found: PATHS.flatMap(path => METHODS.map(method => compiled.find(method, path))),
  };
}

/** Ids of keys with their material and serial, to see which serials stay. */
function serialsOf(compiled: CompiledSnapshot, { keys }: RegistrySnapshot) {
  return new Map(
    keys.map(({ id, material }) => [`${id} ${material[0]}`, compiled.keys.get(id)!.serial]),
  );
}

function aDelta(changes: Partial<SnapshotDelta> = {}): SnapshotDelta {
  const nothing = { upserts: [], removals: [] };
  return {
    version: 2,
    baseVersion: 1,
    partners: nothing,
    apps: nothing,
    keys: nothing,
    rejoinedKeys: [],
    plans: nothing,
    products: nothing,
    subscriptions: [],
    apis: nothing,
    rejoinedApis: [],
    upstreams: nothing,
    topics: nothing,
    ...changes,
  };
}

describe('a snapshot after changes', () => {
  it('answers as one that was compiled whole, and so do those before it still', () => {
    fc.assert(
      fc.property(registries, versions => {
        let current = compileSnapshot(versions[0]!);
        const made = [current];
        for (const [i, version] of versions.slice(1).entries()) {
          const before = versions[i]!;
          const serials = serialsOf(current, before);
          // Asked before the change as well, so that what was worked out must not outlive it.
          answersOf(current);
          current = compileDelta(current, deltaBetween(before, version));
          made.push(current);
          for (const [key, serial] of serialsOf(current, version)) {
            if (serials.has(key)) expect(serial).toBe(serials.get(key));
            else expect([...serials.values()]).not.toContain(serial);
          }
        }
        for (const [i, compiled] of made.entries()) {
          expect(answersOf(compiled)).toEqual(answersOf(compileSnapshot(versions[i]!)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is refused where the change is of another version', () => {
    const current = compileSnapshot(aSnapshot({ version: 7 }));
    const other = aDelta({ version: 9, baseVersion: 8 });
    expect(() => compileDelta(current, other)).toThrow('change 9 is of 8, and 7 is served');
  });

  it('is refused where the change names what is not there', () => {
    const current = compileSnapshot(aSnapshot());
    const api = anApi('cards', 'GET /cards');
    const of = (changes: Partial<SnapshotDelta>) => () => compileDelta(current, aDelta(changes));
    const upserts = [{ ...api, upstreamId: 'nowhere' }];
    expect(of({ apis: { upserts, removals: [] } })).toThrow(/upstream nowhere/);
    expect(of({ rejoinedKeys: ['key-9'] })).toThrow(/key key-9/);
    expect(of({ rejoinedApis: ['api-9'] })).toThrow(/API api-9/);
    const subscriptions = [{ appId: 'app-1', productId: 'none', planId: 'standard', scopes: [] }];
    expect(of({ subscriptions: [{ appId: 'app-1', subscriptions }] })).toThrow(/product none/);
  });

  it('stays what it was where a change is refused', () => {
    const current = compileSnapshot(aSnapshot({ apis: [anApi('a', 'GET /a')] }));
    const upserts = [anApi('b', 'GET /b', 'GET /a')];
    const refused = () => compileDelta(current, aDelta({ apis: { upserts, removals: [] } }));
    expect(refused).toThrow(/twice/);
    expect(current.find('GET', '/b')).toMatchObject({ name: 'not-found' });
    expect(current.operation('b.GET-/b')).toBeUndefined();
    expect(refused).toThrow(/twice/);
  });
});

describe('a snapshot that is renewed beside changes', () => {
  it('answers as one that was compiled whole, wherever the renewal begins and ends', async () => {
    const schedule = fc.tuple(fc.nat(3), fc.integer({ min: 0, max: 4 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(registries, schedule, async (versions, [begins, lasts, isReplaced]) => {
        let current = compileSnapshot(versions[0]!);
        let frozen: CompiledSnapshot | undefined;
        const made: CompiledSnapshot[] = [];
        for (const [i, version] of versions.entries()) {
          const before = versions[i - 1];
          if (before !== undefined) {
            const isWhole = isReplaced && i === begins + 1;
            current = isWhole
              ? compileSnapshot(version, current)
              : compileDelta(current, deltaBetween(before, version));
          }
          if (i === begins) {
            current = freezeSnapshot(current, 'all');
            frozen = current;
          }
          if (i === begins + lasts && frozen !== undefined) {
            current = await renewSnapshot(current, await renewFrozen(frozen, 1), 1);
          }
          made.push(current);
        }
        for (const [i, compiled] of made.entries()) {
          expect(answersOf(compiled)).toEqual(answersOf(compileSnapshot(versions[i]!)));
        }
      }),
      { numRuns: 300 },
    );
  });
});

async function renew(worn: CompiledSnapshot): Promise<CompiledSnapshot> {
  const frozen = freezeSnapshot(worn);
  return renewSnapshot(frozen, await renewFrozen(frozen, 1), 1);
}

describe('a worn snapshot', () => {
  it('is one with many changed records, and answers the same when it is renewed', async () => {
    const partner = (i: number) =>
      ({
        id: `partner-${i}`,
        name: 'P',
        class: 'supply-chain',
        active: true,
        limits: undefined,
      }) as const;
    const apps = Array.from({ length: 3_000 }, (_, i) => ({
      id: `app-${i}`,
      partnerId: 'partner-1',
      environment: 'production' as const,
      active: true,
    }));
    const keys = apps.map(({ id }, i) => ({
      id: `key-${i}`,
      appId: id,
      algorithm: 'hmac-sha256' as const,
      schemes: ['rfc9421'] as const,
      material: Uint8Array.of(1),
      notBeforeMs: 0,
      notAfterMs: 1,
      revoked: false,
    }));
    const fresh = compileSnapshot(aSnapshot({ partners: [partner(1)], apps, keys }));
    expect(isWorn(fresh)).toBe(false);
    const upserts = keys.slice(0, 1_500).map(key => ({ ...key, revoked: true }));
    const removals = keys.slice(2_000).map(({ id }) => id);
    const worn = compileDelta(fresh, aDelta({ keys: { upserts, removals } }));
    expect(isWorn(worn)).toBe(true);
    const renewed = await renew(worn);
    expect(isWorn(renewed)).toBe(false);
    for (const { id } of keys) expect(renewed.keys.get(id)).toEqual(worn.keys.get(id));
  });

  it('is one most of whose paths were taken back', async () => {
    const apis = Array.from({ length: 60 }, (_, i) =>
      anApi(`api-${i}`, ...Array.from({ length: 20 }, (__, n) => `GET /${i}/${n}/{x}`)),
    );
    const fresh = compileSnapshot(aSnapshot({ apis }));
    const removals = apis.slice(10).map(({ id }) => id);
    const worn = compileDelta(fresh, aDelta({ apis: { upserts: [], removals } }));
    expect(isWorn(worn)).toBe(true);
    const renewed = await renew(worn);
    expect(isWorn(renewed)).toBe(false);
    for (const [i, { operations }] of apis.entries()) {
      for (const [n, { id }] of operations.entries()) {
        const found = renewed.find('GET', `/${i}/${n}/7`);
        if (i < 10) expect(found).toMatchObject({ operation: { id } });
        else expect(found).toMatchObject({ name: 'not-found' });
      }
    }
  });
});
