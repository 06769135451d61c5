/** What fronts are told of each record, and the snapshot of all of them. */
import { PLAIN_RESILIENCE } from '../../core/plain-terms.ts';
import { SCHEMES_DEFAULT } from '../../core/signature-schemes.ts';
import type {
  ApiDeprecation,
  ApiRecord,
  AppRecord,
  KeyRecord,
  LimitTerms,
  PartnerRecord,
  PlanRecord,
  ProductRecord,
  RegistrySnapshot,
  SubscriptionRecord,
  TopicRecord,
} from '../../core/snapshot.ts';
import type { UpstreamRecord, UpstreamTlsRecord } from '../../core/upstream-record.ts';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { DerivedKey } from './key-form.ts';
import type { AnyKind } from './kinds.ts';
import { joinPath } from './path-template.ts';
import { payloadRecord } from './payload-form.ts';
import { keyMaterial } from './record-forms.ts';
import type { RegistryState } from './registry-state.ts';
import type {
  Api,
  App,
  Key,
  Partner,
  PartnerStatus,
  Plan,
  Product,
  Subscription,
  Topic,
} from './schema.ts';
import type { SecretSealer } from './sealer.ts';
import { isPublished } from './stage-operations.ts';
import { type DerivedUpstream, tlsKey } from './upstream-form.ts';
import type { Upstream } from './upstream-schema.ts';

/** Where a partner's apps are accepted, by the environment of the app. */
const ACCEPTED: Readonly<Record<App['environment'], readonly PartnerStatus[]>> = {
  sandbox: ['sandbox', 'certification', 'production'],
  production: ['production'],
};

/**
 * Makes records of stored bodies; one that an older version stored has not all of their members.
 * What cannot be unsealed is told, and is missing.
 */
export class SnapshotRecords {
  private readonly sealer: SecretSealer;
  private readonly onUnreadable: (kind: AnyKind, id: string) => void;

  constructor(sealer: SecretSealer, onUnreadable: (kind: AnyKind, id: string) => void) {
    this.sealer = sealer;
    this.onUnreadable = onUnreadable;
  }

  partner(body: JsonObject): PartnerRecord {
    const { id, name, class: partnerClass, status, limits } = body as unknown as Partner;
    const active = ACCEPTED.sandbox.includes(status);
    return { id, name, class: partnerClass, active, limits: termsOf(limits) };
  }

  app(body: JsonObject, partner: JsonObject | undefined): AppRecord {
    const { id, partner: partnerId, environment, status } = body as unknown as App;
    const isAccepted = ACCEPTED[environment].includes(partner?.status as PartnerStatus);
    return { id, partnerId, environment, active: status === 'active' && isAccepted };
  }

  /** Undefined where its secret cannot be opened. */
  key(body: JsonObject): KeyRecord | undefined {
    const {
      id,
      app,
      algorithm,
      schemes = SCHEMES_DEFAULT,
      revoked,
      derived,
    } = body as unknown as StoredKey;
    const material = keyMaterial(body, this.sealer);
    if (material === undefined) {
      this.onUnreadable('key', id);
      return undefined;
    }
    const { notBeforeMs, notAfterMs } = derived;
    return { id, appId: app, algorithm, schemes, material, notBeforeMs, notAfterMs, revoked };
  }

  plan(body: JsonObject): PlanRecord {
    const { id, priority = 'normal', quota, ...plan } = body as unknown as Plan;
    return {
      id,
      priority,
      dataClassMax: plan.dataClassMax ?? 'sensitive',
      quota: quota && {
        requestsPerDayMax: quota.requestsPerDayMax,
        requestsPerMonthMax: quota.requestsPerMonthMax,
      },
      limits: termsOf(plan.limits),
      sharedLimits: termsOf(plan.sharedLimits),
      merchantLimits: termsOf(plan.merchantLimits),
    };
  }

  product(body: JsonObject): ProductRecord {
    const { id, apis } = body as unknown as Product;
    return { id, apiIds: apis };
  }

  /** Undefined where it is not approved. */
  subscription(body: JsonObject): SubscriptionRecord | undefined {
    const { app, product, plan, scopes, status } = body as unknown as Subscription;
    if (status !== 'approved') return undefined;
    return { appId: app, productId: product, planId: plan, scopes };
  }

  /** Undefined where it is not published. */
  api(body: JsonObject | undefined): ApiRecord | undefined {
    if (!isPublished(body)) return undefined;
    const api = body as unknown as Api;
    return {
      id: api.id,
      direction: api.direction,
      upstreamId: api.upstream,
      sandboxUpstreamId: api.sandboxUpstream,
      deprecation: deprecationOf(api),
      operations: api.operations.map(operation => ({
        id: `${api.id}.${operation.id}`,
        method: operation.method,
        pathTemplate: joinPath(api.basePath, operation.path),
        scopes: operation.scopes,
        access: operation.access,
        messageSignature: operation.messageSignature,
        idempotency: operation.idempotency ?? 'none',
        payload: payloadRecord(operation.payload),
        limits: termsOf(operation.limits),
        appLimits: termsOf(operation.appLimits),
      })),
    };
  }

  /** Undefined where its API is not published. */
  topic(body: JsonObject, api: JsonObject | undefined): TopicRecord | undefined {
    if (!isPublished(api)) return undefined;
    const { id, api: apiId, scopes, audience } = body as unknown as Topic;
    return { id, apiId, scopes, audience };
  }

  upstream(body: JsonObject): UpstreamRecord {
    const upstream = body as unknown as StoredUpstream;
    const { isTls, targets } = upstream.derived;
    return {
      id: upstream.id,
      targets,
      tls: isTls ? this.tls(upstream) : undefined,
      connectionsMax: upstream.connectionsMax,
      queueMax: upstream.queueMax,
      pipeliningMax: upstream.pipeliningMax,
      connectTimeoutMs: upstream.connectTimeoutMs,
      responseTimeoutMs: upstream.responseTimeoutMs,
      bodyIdleTimeoutMs: upstream.bodyIdleTimeoutMs,
      keepAliveMs: upstream.keepAliveMs,
      responseHeadMaxBytes: upstream.responseHeadMaxBytes,
      resilience: {
        balancing: upstream.balancing ?? PLAIN_RESILIENCE.balancing,
        requestsMax: upstream.requestsMax ?? PLAIN_RESILIENCE.requestsMax,
        slowStartMs: upstream.slowStartMs ?? PLAIN_RESILIENCE.slowStartMs,
        health: upstream.health,
        outlier: upstream.outlier,
        breaker: upstream.breaker,
        retry: upstream.retry,
        hedging: upstream.hedging,
      },
    };
  }

  /** Without its key there is no certificate either: the server refuses, as it should. */
  private tls({ id, tls = {} }: Upstream): UpstreamTlsRecord {
    const { ca, cert, sealedKey, serverName } = tls;
    if (sealedKey === undefined) return { ca, cert: undefined, key: undefined, serverName };
    const key = tlsKey({ id }, sealedKey, this.sealer);
    if (key === undefined) {
      this.onUnreadable('upstream', id);
      return { ca, cert: undefined, key: undefined, serverName };
    }
    return { ca, cert, key, serverName };
  }
}

type StoredKey = Key & { readonly derived: DerivedKey };
type StoredUpstream = Upstream & { readonly derived: DerivedUpstream };

export function buildSnapshot(state: RegistryState, records: SnapshotRecords): RegistrySnapshot {
  const each = <T>(kind: AnyKind, make: (body: JsonObject) => T | undefined): T[] => {
    const made: T[] = [];
    for (const { body } of state.records(kind)) {
      const record = make(body);
      if (record !== undefined) made.push(record);
    }
    return made;
  };
  const bodyOf = (kind: AnyKind, id: unknown) => state.get(kind, id as string)?.body;
  return {
    version: state.version,
    partners: each('partner', body => records.partner(body)),
    apps: each('app', body => records.app(body, bodyOf('partner', body.partner))),
    keys: packMaterial(each('key', body => records.key(body))),
    plans: each('plan', body => records.plan(body)),
    products: each('product', body => records.product(body)),
    apis: each('api', body => records.api(body)),
    subscriptions: each('subscription', body => records.subscription(body)),
    upstreams: each('upstream', body => records.upstream(body)),
    topics: each('topic', body => records.topic(body, bodyOf('api', body.api))),
  };
}

/**
 * All material in one buffer of its own. A message to a thread copies each buffer that it names,
 * whole and once: one large one, instead of 80,000 small ones or pieces of the process's own pool.
 */
export function packMaterial(keys: readonly KeyRecord[]): KeyRecord[] {
  const bytes = new Uint8Array(keys.reduce((sum, { material }) => sum + material.length, 0));
  let offset = 0;
  return keys.map(key => {
    const end = offset + key.material.length;
    bytes.set(key.material, offset);
    const material = bytes.subarray(offset, end);
    offset = end;
    return { ...key, material };
  });
}

/** One shape whichever of them are agreed; a rate without a burst has one second of it. */
function termsOf(limits: Partial<LimitTerms> | undefined): LimitTerms | undefined {
  if (limits === undefined) return undefined;
  const { requestsPerSecondMax, burstMax, concurrencyMax } = limits;
  if (requestsPerSecondMax === undefined && concurrencyMax === undefined) return undefined;
  const burst = requestsPerSecondMax === undefined ? undefined : (burstMax ?? requestsPerSecondMax);
  return { requestsPerSecondMax, burstMax: burst, concurrencyMax };
}

function deprecationOf({ lifecycle, deprecated, sunset }: Api): ApiDeprecation | undefined {
  if (lifecycle !== 'deprecated') return undefined;
  return { sinceMs: Date.parse(deprecated!), sunsetMs: Date.parse(sunset!) };
}
