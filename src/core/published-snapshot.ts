/** The registry as it is sent to the fronts: what there is most of in pages that they share. */
import { writeApp, writeKey, writeSubscriptions } from './record-forms.ts';
import { type RecordPage, RecordWriter } from './record-pages.ts';
import type { RegistrySnapshot, SubscriptionRecord } from './snapshot.ts';

/** Records in one page; writing it takes the sender about a millisecond. */
export const PAGE_RECORDS_MAX = 1_000;

/** Kinds that are sent as objects. */
export const LISTED_KINDS = [
  'partners',
  'plans',
  'products',
  'apis',
  'upstreams',
  'topics',
] as const satisfies (keyof RegistrySnapshot)[];
export type ListedKind = (typeof LISTED_KINDS)[number];

export const PAGED_KINDS = ['apps', 'keys', 'subscriptions'] as const;
export type PagedKind = (typeof PAGED_KINDS)[number];

export type PublishedSnapshot = Pick<RegistrySnapshot, 'version' | ListedKind> & {
  /** The subscriptions are those of one app in each record, in the registry's order. */
  readonly [Kind in PagedKind]: readonly RecordPage[];
};

/** The pages of one kind, each made when it is asked for. */
export function* pagesOf(
  snapshot: RegistrySnapshot,
  kind: PagedKind,
  recordsMax = PAGE_RECORDS_MAX,
): Generator<RecordPage> {
  const writer = new RecordWriter();
  for (const _ of written(snapshot, kind, writer)) {
    if (writer.records === recordsMax) yield writer.takePage();
  }
  if (writer.records > 0) yield writer.takePage();
}

/** The whole in one go. */
export function publish(snapshot: RegistrySnapshot): PublishedSnapshot {
  return {
    ...snapshot,
    apps: [...pagesOf(snapshot, 'apps')],
    keys: [...pagesOf(snapshot, 'keys')],
    subscriptions: [...pagesOf(snapshot, 'subscriptions')],
  };
}

/** Yields behind each record. */
function* written(
  snapshot: RegistrySnapshot,
  kind: PagedKind,
  writer: RecordWriter,
): Generator<undefined> {
  switch (kind) {
    case 'apps':
      for (const app of snapshot.apps) {
        writeApp(writer, app);
        yield;
      }
      return;
    case 'keys':
      for (const key of snapshot.keys) {
        writeKey(writer, key);
        yield;
      }
      return;
    case 'subscriptions':
      for (const [appId, subscriptions] of byApp(snapshot.subscriptions)) {
        writeSubscriptions(writer, { appId, subscriptions });
        yield;
      }
  }
}

function byApp(subscriptions: readonly SubscriptionRecord[]): Map<string, SubscriptionRecord[]> {
  const apps = new Map<string, SubscriptionRecord[]>();
  for (const subscription of subscriptions) {
    const others = apps.get(subscription.appId);
    if (others === undefined) apps.set(subscription.appId, [subscription]);
    else others.push(subscription);
  }
  return apps;
}
