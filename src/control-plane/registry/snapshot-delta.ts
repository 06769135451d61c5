/** What fronts are told of one commit. */
import { isDeepStrictEqual } from 'node:util';
import type {
  AppSubscriptions,
  RecordDelta,
  SnapshotDelta,
  TopicRecord,
} from '../../core/snapshot.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { AnyKind, RecordKind } from './kinds.ts';
import { LINKS_TO } from './links.ts';
import type { RegistryState, Replaced } from './registry-state.ts';
import { packMaterial, type SnapshotRecords } from './snapshot-records.ts';

/**
 * @param state with the commit in it
 * @param replaced what the commit replaced
 */
export function deltaOf(
  state: RegistryState,
  replaced: Replaced,
  baseVersion: number,
  records: SnapshotRecords,
): SnapshotDelta {
  return new Comparison(state, replaced, records).delta(baseVersion);
}

type Body = JsonObject | undefined;

/** The state and the one before it, side by side. */
class Comparison {
  private readonly state: RegistryState;
  private readonly replaced: Replaced;
  private readonly records: SnapshotRecords;

  constructor(state: RegistryState, replaced: Replaced, records: SnapshotRecords) {
    this.state = state;
    this.replaced = replaced;
    this.records = records;
  }

  delta(baseVersion: number): SnapshotDelta {
    const { records } = this;
    const partners = this.compare('partner', this.changed('partner'), body =>
      records.partner(body),
    );
    const apps = this.apps();
    const keys = this.compare('key', this.changed('key'), body => records.key(body));
    const upstreams = this.compare('upstream', this.changed('upstream'), body =>
      records.upstream(body),
    );
    const apis = this.compare('api', this.changed('api'), body => records.api(body));
    return {
      version: this.state.version,
      baseVersion,
      partners,
      apps,
      keys: { upserts: packMaterial(keys.upserts), removals: keys.removals },
      rejoinedKeys: this.rejoinedKeys(idsOf(partners), idsOf(apps), idsOf(keys)),
      plans: this.compare('plan', this.changed('plan'), body => records.plan(body)),
      products: this.compare('product', this.changed('product'), body => records.product(body)),
      subscriptions: this.subscriptions(),
      apis,
      rejoinedApis: this.rejoinedApis(idsOf(upstreams), idsOf(apis)),
      upstreams,
      topics: this.topics(),
    };
  }

  /** Those that changed, and those of partners that did: a step may matter to apps alone. */
  private apps() {
    const partners = this.changed('partner');
    const ids = new Set([...this.changed('app'), ...this.naming('app', 'partner', partners)]);
    return this.compare('app', ids, (body, bodyOf) =>
      this.records.app(body, bodyOf('partner', body.partner as string)),
    );
  }

  private rejoinedKeys(
    partners: ReadonlySet<string>,
    apps: ReadonlySet<string>,
    keys: ReadonlySet<string>,
  ): string[] {
    const joined = new Set([...apps, ...this.naming('app', 'partner', partners)]);
    const ids = this.naming('key', 'app', joined).filter(id => !keys.has(id));
    // One whose secret cannot be opened is not published.
    return ids.filter(id => {
      const body = this.state.get('key', id)!.body;
      return body.sealedSecret === undefined || this.records.key(body) !== undefined;
    });
  }

  private rejoinedApis(upstreams: ReadonlySet<string>, apis: ReadonlySet<string>): string[] {
    const ids = new Set(this.naming('api', 'upstream', upstreams));
    return [...ids].filter(id => {
      return !apis.has(id) && this.records.api(this.state.get('api', id)!.body) !== undefined;
    });
  }

  /** All of an app's where one of them grants something now, or did. */
  private subscriptions(): AppSubscriptions[] {
    const appIds = new Set<string>();
    for (const [id, before] of this.replaced.get('subscription') ?? []) {
      const after = this.state.get('subscription', id);
      for (const body of [before?.body, after?.body]) {
        if (body?.status === 'approved') appIds.add(body.app as string);
      }
    }
    return [...appIds].map(appId => ({
      appId,
      subscriptions: this.naming('subscription', 'app', [appId]).flatMap(
        id => this.records.subscription(this.state.get('subscription', id)!.body) ?? [],
      ),
    }));
  }

  /** Those that changed, and those of APIs that did: they are published with them. */
  private topics(): RecordDelta<TopicRecord> {
    const apis = this.changed('api');
    const ids = new Set([...this.changed('topic'), ...this.naming('topic', 'api', apis)]);
    return this.compare('topic', ids, (body, bodyOf) =>
      this.records.topic(body, bodyOf('api', body.api as string)),
    );
  }

  private compare<T extends { readonly id: string }>(
    kind: RecordKind,
    ids: Iterable<string>,
    make: (body: JsonObject, bodyOf: (kind: AnyKind, id: string) => Body) => T | undefined,
  ): RecordDelta<T> {
    const upserts: T[] = [];
    const removals: string[] = [];
    for (const id of ids) {
      const bodyBefore = this.before(kind, id);
      const bodyAfter = this.after(kind, id);
      const before = bodyBefore && make(bodyBefore, (of, named) => this.before(of, named));
      const after = bodyAfter && make(bodyAfter, (of, named) => this.after(of, named));
      if (after === undefined) {
        if (before !== undefined) removals.push(id);
      } else if (before === undefined || !isDeepStrictEqual(before, after)) {
        upserts.push(after);
      }
    }
    return { upserts, removals };
  }

  private changed(kind: AnyKind): Iterable<string> {
    return this.replaced.get(kind)?.keys() ?? [];
  }

  private before(kind: AnyKind, id: string): Body {
    const ofKind = this.replaced.get(kind);
    return ofKind?.has(id) ? ofKind.get(id)?.body : this.after(kind, id);
  }

  private after(kind: AnyKind, id: string): Body {
    return this.state.get(kind, id)?.body;
  }

  /** Ids of `from` that name one of the ids of `to`, by any link; those of one id in order. */
  private naming(from: RecordKind, to: RecordKind, ids: Iterable<string>): string[] {
    const links = (LINKS_TO.get(to) ?? []).filter(link => link.from === from);
    const naming: string[] = [];
    for (const id of ids) {
      for (const link of links) naming.push(...(this.state.naming(link, id)?.list() ?? []));
    }
    return naming;
  }
}

function idsOf({ upserts }: RecordDelta<{ readonly id: string }>): Set<string> {
  return new Set(upserts.map(({ id }) => id));
}
