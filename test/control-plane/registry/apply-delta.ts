/** The plain way to make one snapshot of another: what fronts must come to as well. */
import type {
  RecordDelta,
  RegistrySnapshot,
  SnapshotDelta,
  SubscriptionRecord,
} from '../../../src/core/snapshot.ts';

/** Without plans, which no front looks at. */
export function applyDelta(base: RegistrySnapshot, delta: SnapshotDelta): RegistrySnapshot {
  if (base.version !== delta.baseVersion) throw new Error('The delta is for another version.');
  const apps = new Set(delta.subscriptions.map(({ appId }) => appId));
  return {
    ...base,
    version: delta.version,
    partners: merge(base.partners, delta.partners),
    apps: merge(base.apps, delta.apps),
    keys: merge(base.keys, delta.keys),
    products: merge(base.products, delta.products),
    subscriptions: [
      ...base.subscriptions.filter(({ appId }) => !apps.has(appId)),
      ...delta.subscriptions.flatMap(({ subscriptions }) => subscriptions),
    ],
    apis: merge(base.apis, delta.apis),
    upstreams: merge(base.upstreams, delta.upstreams),
    topics: merge(base.topics, delta.topics),
  };
}

function merge<T extends { readonly id: string }>(
  base: readonly T[],
  { upserts, removals }: RecordDelta<T>,
): T[] {
  const ids = new Set([...upserts.map(({ id }) => id), ...removals]);
  return [...base.filter(({ id }) => !ids.has(id)), ...upserts];
}

/** By kind and id, so that order does not count, except among the subscriptions of one app. */
export function byId({ plans: _, subscriptions, ...lists }: RegistrySnapshot) {
  const named = ['partners', 'apps', 'keys', 'products', 'apis', 'upstreams', 'topics'] as const;
  const byApp: Record<string, SubscriptionRecord[]> = {};
  for (const subscription of subscriptions) {
    byApp[subscription.appId] ??= [];
    byApp[subscription.appId]!.push(subscription);
  }
  const maps = named.map(list => [
    list,
    Object.fromEntries(lists[list].map(record => [record.id, record])),
  ]);
  return { version: lists.version, byApp, ...Object.fromEntries(maps) };
}
