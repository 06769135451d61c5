/** A compiled snapshot: what a front thread reads per call. Immutable, swapped whole. */
import type { Problem } from '../../core/problems.ts';
import type {
  ApiRecord,
  AppEntry,
  AppRecord,
  CompiledSnapshot,
  Grant,
  KeyEntry,
  OperationEntry,
  PartnerRecord,
  PlanRecord,
  TopicRecord,
} from '../../core/snapshot.ts';
import type { UpstreamRecord } from '../../core/upstream-record.ts';
import type { AppGrants, ProductApis } from './app-grants.ts';
import type { LayeredMap } from './layered-map.ts';
import type { RouteTable } from './route-table.ts';

export interface CompiledApi {
  readonly api: ApiRecord;
  readonly entries: readonly OperationEntry[];
}

/** Each by the id of its record; the grants by that of the app. */
export interface SnapshotTables {
  readonly partners: LayeredMap<PartnerRecord>;
  readonly apps: LayeredMap<AppRecord>;
  readonly keys: LayeredMap<KeyEntry>;
  readonly plans: LayeredMap<PlanRecord>;
  readonly products: LayeredMap<ProductApis>;
  readonly grants: LayeredMap<AppGrants>;
  readonly apis: LayeredMap<CompiledApi>;
  readonly operations: LayeredMap<OperationEntry>;
  readonly upstreams: LayeredMap<UpstreamRecord>;
  readonly topics: LayeredMap<TopicRecord>;
  readonly routes: RouteTable;
}

export class SnapshotIndex implements CompiledSnapshot {
  readonly version: number;
  readonly tables: SnapshotTables;
  readonly keys: LayeredMap<KeyEntry>;
  readonly plans: LayeredMap<PlanRecord>;
  readonly upstreams: LayeredMap<UpstreamRecord>;
  readonly topics: LayeredMap<TopicRecord>;
  private readonly grants: LayeredMap<AppGrants>;
  private readonly products: LayeredMap<ProductApis>;
  private readonly routes: RouteTable;

  constructor(version: number, tables: SnapshotTables) {
    this.version = version;
    this.tables = tables;
    this.keys = tables.keys;
    this.plans = tables.plans;
    this.upstreams = tables.upstreams;
    this.topics = tables.topics;
    this.grants = tables.grants;
    this.products = tables.products;
    this.routes = tables.routes;
  }

  find(method: string, path: string): OperationEntry | Problem {
    return this.routes.find(method, path);
  }

  app(id: string): AppEntry | undefined {
    const app = this.tables.apps.get(id);
    const partner = app && this.tables.partners.get(app.partnerId);
    return partner && { app: app!, partner };
  }

  operation(id: string): OperationEntry | undefined {
    return this.tables.operations.get(id);
  }

  grant(appId: string, apiId: string): Grant | undefined {
    return this.grants.get(appId)?.grant(apiId, this.products);
  }
}

/** What compileSnapshot made is a SnapshotIndex, and so is all that comes from it. */
export function asIndex(snapshot: CompiledSnapshot): SnapshotIndex {
  if (snapshot instanceof SnapshotIndex) return snapshot;
  throw new TypeError('only a compiled snapshot can be changed');
}
