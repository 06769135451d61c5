/** Random registries of a few records each, and what changes from one to another. */

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { PLAIN_OPERATION, plainPlan } from '../../../src/core/plain-terms.ts';
import type {
  ApiRecord,
  OperationRecord,
  RecordDelta,
  RegistrySnapshot,
  SnapshotDelta,
} from '../../../src/core/snapshot.ts';
import { anUpstream } from '../../support/exchanges.ts';

/** Each belongs to one API or to none, so that no two APIs have the same. */
export const OPERATIONS = [
  'GET /a',
  'POST /a',
  'HEAD /a',
  'GET /a/{x}',
  'GET /a/b',
  'GET /a/{x}/c',
  'DELETE /a/b/c',
  'GET /{w}/b',
  'GET /d/e/f',
  'PUT /d/e/f',
] as const;

export const ids = (kind: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${kind}-${i}`);
const some = (kind: string, count: number) => fc.subarray(ids(kind, count));
const anyOf = (kind: string, count: number) => fc.constantFrom(...ids(kind, count));

const registry = fc.record({
  partners: some('partner', 2),
  inactive: some('partner', 2),
  apps: fc.array(
    fc.record({
      id: anyOf('app', 4),
      partnerId: anyOf('partner', 2),
      environment: fc.constantFrom('production' as const, 'sandbox' as const),
      active: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
  keys: fc.array(
    fc.record({
      id: anyOf('key', 5),
      appId: anyOf('app', 4),
      algorithm: fc.constant('hmac-sha256' as const),
      schemes: fc.constant(['rfc9421'] as const),
      material: fc.constantFrom(1, 2).map(byte => Uint8Array.of(byte)),
      notBeforeMs: fc.constant(0),
      notAfterMs: fc.constant(1),
      revoked: fc.boolean(),
    }),
    { maxLength: 8 },
  ),
  products: fc.array(fc.record({ id: anyOf('product', 3), apiIds: some('api', 3) }), {
    maxLength: 4,
  }),
  subscriptions: fc.array(
    fc.record({
      appId: anyOf('app', 4),
      productId: anyOf('product', 3),
      planId: fc.constantFrom('one', 'two'),
      scopes: fc.subarray(['read', 'write']),
    }),
    { maxLength: 6 },
  ),
  owners: fc.array(fc.constantFrom('api-0', 'api-1', 'api-2', undefined), {
    minLength: OPERATIONS.length,
    maxLength: OPERATIONS.length,
  }),
  naming: fc.constantFrom('op', 'other'),
  scopes: fc.constantFrom([], ['read']),
  sandboxUpstreamId: fc.constantFrom('upstream-1', undefined),
  sunsetMs: fc.constantFrom(undefined, 1_000, 2_000),
  queues: fc.array(fc.constantFrom(1, 2), { minLength: 2, maxLength: 2 }),
  topics: fc.array(
    fc.record({
      id: anyOf('topic', 2),
      apiId: anyOf('api', 3),
      scopes: fc.constantFrom([], ['read']),
      audience: fc.constant('partner' as const),
    }),
    { maxLength: 3 },
  ),
});

type Draft = typeof registry extends fc.Arbitrary<infer T> ? T : never;

const LISTS = ['apps', 'keys', 'products', 'subscriptions', 'owners', 'naming', 'topics'] as const;
const OTHERS = [
  'partners',
  'inactive',
  'scopes',
  'sandboxUpstreamId',
  'sunsetMs',
  'queues',
] as const;

/** Snapshots of successive versions without a dangling reference; a few lists change each time. */
export const registries = fc
  .tuple(
    registry,
    fc.array(
      fc.tuple(registry, fc.subarray<keyof Draft>([...LISTS, ...OTHERS], { maxLength: 3 })),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  )
  .map(([first, changes]) => {
    const drafts = [first];
    for (const [other, names] of changes) {
      const changed = names.map(name => [name, other[name]]);
      drafts.push({ ...drafts.at(-1)!, ...Object.fromEntries(changed) });
    }
    return drafts.map((draft, i) => snapshotOf(draft, i + 1));
  });

function snapshotOf(draft: Draft, version: number): RegistrySnapshot {
  const partners = draft.partners.map(id => ({
    id,
    name: id,
    class: 'supply-chain' as const,
    limits: undefined,
    active: !draft.inactive.includes(id),
  }));
  const apps = lastOfEach(draft.apps).filter(app => draft.partners.includes(app.partnerId));
  const has = (records: readonly { id: string }[], id: string) => records.some(r => r.id === id);
  const products = lastOfEach(draft.products);
  return {
    version,
    partners,
    apps,
    keys: lastOfEach(draft.keys).filter(key => has(apps, key.appId)),
    plans: [plainPlan('one'), plainPlan('two')],
    products,
    apis: apisOf(draft),
    subscriptions: lastOfEach(
      draft.subscriptions
        .filter(({ appId, productId }) => has(apps, appId) && has(products, productId))
        .map(record => ({ ...record, id: `${record.appId} ${record.productId}` })),
    ).map(({ id: _, ...subscription }) => subscription),
    upstreams: draft.queues.map((queueMax, i) => anUpstream({ id: `upstream-${i}`, queueMax })),
    topics: lastOfEach(draft.topics),
  };
}

function lastOfEach<T extends { readonly id: string }>(records: readonly T[]): T[] {
  return [...new Map(records.map(record => [record.id, record])).values()];
}

function apisOf({ owners, naming, scopes, sandboxUpstreamId, sunsetMs }: Draft): ApiRecord[] {
  const byApi = new Map<string, OperationRecord[]>();
  for (const [i, owner] of owners.entries()) {
    if (owner === undefined) continue;
    const [method, pathTemplate] = OPERATIONS[i]!.split(' ') as [string, string];
    const id = `${owner}.${naming}${i}`;
    const access = 'signed';
    const operation = {
      id,
      method,
      pathTemplate,
      scopes,
      access,
      messageSignature: 'session',
      ...PLAIN_OPERATION,
    };
    byApi.set(owner, [...(byApi.get(owner) ?? []), operation as OperationRecord]);
  }
  return [...byApi].map(([id, operations]) => ({
    id,
    direction: 'outbound',
    upstreamId: 'upstream-0',
    sandboxUpstreamId,
    deprecation: sunsetMs === undefined ? undefined : { sinceMs: 0, sunsetMs },
    operations,
  }));
}

/** What the control plane would say of the change from one snapshot to the next. */
export function deltaBetween(before: RegistrySnapshot, after: RegistrySnapshot): SnapshotDelta {
  const partners = changed(before.partners, after.partners);
  const apps = changed(before.apps, after.apps);
  const keys = changed(before.keys, after.keys);
  const apis = changed(before.apis, after.apis);
  const upstreams = changed(before.upstreams, after.upstreams);
  const isIn = ({ upserts }: RecordDelta<{ id: string }>, id: string | undefined) =>
    upserts.some(record => record.id === id);
  const partnerOf = (appId: string) => after.apps.find(({ id }) => id === appId)?.partnerId;
  return {
    version: after.version,
    baseVersion: before.version,
    partners,
    apps,
    keys,
    rejoinedKeys: after.keys
      .filter(({ appId }) => isIn(apps, appId) || isIn(partners, partnerOf(appId)))
      .map(({ id }) => id)
      .filter(id => !isIn(keys, id)),
    plans: changed(before.plans, after.plans),
    products: changed(before.products, after.products),
    subscriptions: ids('app', 4).flatMap(appId => {
      const of = ({ subscriptions }: RegistrySnapshot) =>
        subscriptions.filter(subscription => subscription.appId === appId);
      return isDeepStrictEqual(of(before), of(after)) ? [] : [{ appId, subscriptions: of(after) }];
    }),
    apis,
    rejoinedApis: after.apis
      .filter(api => isIn(upstreams, api.upstreamId) || isIn(upstreams, api.sandboxUpstreamId))
      .map(({ id }) => id)
      .filter(id => !isIn(apis, id)),
    upstreams,
    topics: changed(before.topics, after.topics),
  };
}

function changed<T extends { readonly id: string }>(
  before: readonly T[],
  after: readonly T[],
): RecordDelta<T> {
  const known = new Map(before.map(record => [record.id, record]));
  const upserts = after.filter(record => !isDeepStrictEqual(known.get(record.id), record));
  const left = new Set(after.map(({ id }) => id));
  return { upserts, removals: [...known.keys()].filter(id => !left.has(id)) };
}
