/**
 * The registry as the control plane publishes it: plain data, cloned to each front thread and
 * compiled there into a `CompiledSnapshot`. Both are immutable and are swapped whole.
 */
import type { DataClass } from './data-classes.ts';
import type { Problem } from './problems.ts';
import type { UpstreamRecord } from './upstream-record.ts';

export type PartnerClass =
  | 'internet-platform'
  | 'software-vendor'
  | 'data-provider'
  | 'supply-chain'
  | 'private-equity';

/** RFC 9421 section 3.3 algorithm names, as registered with IANA. */
export const REGISTERED_ALGORITHMS = [
  'rsa-v1_5-sha256',
  'rsa-pss-sha512',
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'ed25519',
  'hmac-sha256',
] as const;

/**
 * With two of our own in the same style: RSASSA-PSS as JWS has it (`PS256`, RFC 7518 section 3.5),
 * and SM2 with SM3 (GB/T 32918.2).
 */
export const SIGNATURE_ALGORITHMS = [
  ...REGISTERED_ALGORITHMS,
  'rsa-pss-sha256',
  'sm2-sm3',
] as const;
export type RegisteredAlgorithm = (typeof REGISTERED_ALGORITHMS)[number];
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** Ways to sign a request, each a sibling in the verify room (docs/schemes.md). */
export const SIGNATURE_SCHEMES = ['rfc9421', 'xingyun', 'jws', 'cavage'] as const;
export type SignatureSchemeName = (typeof SIGNATURE_SCHEMES)[number];

/**
 * What may be taken in a time and at once; undefined where nothing is agreed. The rate is GCRA
 * (ITU-T I.371): `requestsPerSecondMax` evenly, `burstMax` at once.
 */
export interface LimitTerms {
  readonly requestsPerSecondMax: number | undefined;
  /** Goes with the rate; one second of it where the registry does not say. */
  readonly burstMax: number | undefined;
  readonly concurrencyMax: number | undefined;
}

export interface PartnerRecord {
  readonly id: string;
  readonly name: string;
  readonly class: PartnerClass;
  readonly active: boolean;
  /** Of all its apps together. */
  readonly limits: LimitTerms | undefined;
}

export const ENVIRONMENTS = ['production', 'sandbox'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

export interface AppRecord {
  readonly id: string;
  readonly partnerId: string;
  /** A sandbox app's calls go to the sandbox upstream of each API, and nowhere else. */
  readonly environment: Environment;
  /** What the onboarding of its partner allows in this environment is part of it. */
  readonly active: boolean;
}

export interface KeyRecord {
  /** The `keyid` of the signature; unique in the registry. */
  readonly id: string;
  readonly appId: string;
  readonly algorithm: SignatureAlgorithm;
  /** The ways in which it may sign; at least one. */
  readonly schemes: readonly SignatureSchemeName[];
  /** SubjectPublicKeyInfo DER for asymmetric keys, the secret for hmac-sha256. */
  readonly material: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly revoked: boolean;
}

export const OPERATION_ACCESS = ['signed', 'public'] as const;
export type OperationAccess = (typeof OPERATION_ACCESS)[number];

export const MESSAGE_SIGNATURES = ['session', 'required'] as const;
export type MessageSignature = (typeof MESSAGE_SIGNATURES)[number];

export const IDEMPOTENCY = ['none', 'optional', 'required'] as const;
/** Whether a call carries an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). */
export type Idempotency = (typeof IDEMPOTENCY)[number];

/** What is done to the payloads of an operation (docs/payloads.md). */
export interface PayloadRecord {
  /** The same for the same source, and for no other. */
  readonly id: string;
  /** For `compileProgram` (src/payload/program.ts). */
  readonly source: string;
  /** Media type of what a call becomes; undefined where its body goes on as it is. */
  readonly requestType: string | undefined;
  /** Media type of what the bank answers; undefined where answers pass as they are. */
  readonly answerType: string | undefined;
  /** What a partner sends, and gets, is an envelope as a whole (docs/data-security.md). */
  readonly requestIsEnvelope: boolean;
  readonly answerIsEnvelope: boolean;
  /** The answer is encrypted, whole or in parts: there must be a key of the partner. */
  readonly answerNeedsKey: boolean;
}

export interface OperationRecord {
  /** Unique in the registry, `<api>.<operationId>`. */
  readonly id: string;
  readonly method: string;
  /** Full path template with `{name}` parameters, base path included. */
  readonly pathTemplate: string;
  /** Scopes that the subscription must grant, all of them. */
  readonly scopes: readonly string[];
  /** `public`: a call without a signature is let through as well, and no subscription is asked. */
  readonly access: OperationAccess;
  /** `required`: over a session each call carries a signature of its own. */
  readonly messageSignature: MessageSignature;
  /** Other than `none` for POST and PATCH of signed operations only. */
  readonly idempotency: Idempotency;
  /** What is done to its payloads; undefined where they pass as they are. */
  readonly payload: PayloadRecord | undefined;
  /** Of all callers together. */
  readonly limits: LimitTerms | undefined;
  /** Of each app. */
  readonly appLimits: LimitTerms | undefined;
}

/** When an API was deprecated and when it goes; milliseconds since the epoch. */
export interface ApiDeprecation {
  /** The `Deprecation` field (RFC 9745). */
  readonly sinceMs: number;
  /** The `Sunset` field (RFC 8594). */
  readonly sunsetMs: number;
}

export interface ApiRecord {
  readonly id: string;
  readonly direction: 'outbound' | 'inbound';
  readonly upstreamId: string;
  /** Undefined where the API has no sandbox. */
  readonly sandboxUpstreamId: string | undefined;
  /** Said to its callers with every answer; undefined while it is not deprecated. */
  readonly deprecation: ApiDeprecation | undefined;
  readonly operations: readonly OperationRecord[];
}

export const TOPIC_AUDIENCES = ['partner', 'everyone'] as const;
export type TopicAudience = (typeof TOPIC_AUDIENCES)[number];

/** What can be subscribed to over a session. */
export interface TopicRecord {
  /** Unique in the registry. */
  readonly id: string;
  /** The API whose subscription entitles to it. */
  readonly apiId: string;
  /** Scopes that the subscription must grant, all of them. */
  readonly scopes: readonly string[];
  /** `partner`: each event belongs to one partner and goes to nobody else. */
  readonly audience: TopicAudience;
}

/** Calls in a day and a month of UTC; undefined where nothing is agreed. */
export interface QuotaTerms {
  readonly requestsPerDayMax: number | undefined;
  readonly requestsPerMonthMax: number | undefined;
}

export const PRIORITIES = ['high', 'normal', 'low'] as const;
/** Who is refused last where the gateway cannot serve everybody. */
export type Priority = (typeof PRIORITIES)[number];

export interface PlanRecord {
  readonly id: string;
  readonly priority: Priority;
  /** The most restrictive class of fields that its apps see in answers. */
  readonly dataClassMax: DataClass;
  /** Of each app under the plan. */
  readonly limits: LimitTerms | undefined;
  /** Of each app under the plan. */
  readonly quota: QuotaTerms | undefined;
  /** Of all apps under the plan together. */
  readonly sharedLimits: LimitTerms | undefined;
  /** Of each end merchant of an app (`policy.merchantHeader`); it has no concurrencyMax. */
  readonly merchantLimits: LimitTerms | undefined;
}

export interface ProductRecord {
  readonly id: string;
  readonly apiIds: readonly string[];
}

/** One that is approved; others are not published. */
export interface SubscriptionRecord {
  readonly appId: string;
  readonly productId: string;
  readonly planId: string;
  readonly scopes: readonly string[];
}

export interface RegistrySnapshot {
  readonly version: number;
  readonly partners: readonly PartnerRecord[];
  readonly apps: readonly AppRecord[];
  readonly keys: readonly KeyRecord[];
  readonly plans: readonly PlanRecord[];
  readonly products: readonly ProductRecord[];
  /** Drafts and retired ones are not published. */
  readonly apis: readonly ApiRecord[];
  readonly subscriptions: readonly SubscriptionRecord[];
  readonly upstreams: readonly UpstreamRecord[];
  readonly topics: readonly TopicRecord[];
}

/** All subscriptions of one app that are approved, in the registry's order; none removes it. */
export interface AppSubscriptions {
  readonly appId: string;
  readonly subscriptions: readonly SubscriptionRecord[];
}

/** Records of one kind that are new or changed, and ids of those that are gone. */
export interface RecordDelta<T> {
  readonly upserts: readonly T[];
  readonly removals: readonly string[];
}

/**
 * What makes the snapshot of `baseVersion` the one of `version`. The control plane names what hangs
 * on a changed record, so that a front needs no index for it.
 */
export interface SnapshotDelta {
  readonly version: number;
  readonly baseVersion: number;
  readonly partners: RecordDelta<PartnerRecord>;
  readonly apps: RecordDelta<AppRecord>;
  readonly keys: RecordDelta<KeyRecord>;
  /** Ids of keys that did not change but whose app or partner did; none that is in `keys`. */
  readonly rejoinedKeys: readonly string[];
  readonly plans: RecordDelta<PlanRecord>;
  readonly products: RecordDelta<ProductRecord>;
  readonly subscriptions: readonly AppSubscriptions[];
  readonly apis: RecordDelta<ApiRecord>;
  /** Ids of APIs that did not change but an upstream of which did; none that is in `apis`. */
  readonly rejoinedApis: readonly string[];
  readonly upstreams: RecordDelta<UpstreamRecord>;
  readonly topics: RecordDelta<TopicRecord>;
}

/** An app with its partner. */
export interface AppEntry {
  readonly app: AppRecord;
  readonly partner: PartnerRecord;
}

/** A key as the verify room looks it up: joined with its app and partner, compiled once. */
export interface KeyEntry extends AppEntry {
  readonly key: KeyRecord;
  /** Unique in its front thread and never reused, so that the front's workers may cache by it. */
  readonly serial: number;
}

export interface OperationEntry {
  readonly operation: OperationRecord;
  readonly api: ApiRecord;
  readonly upstream: UpstreamRecord;
  /** Where calls of sandbox apps go; undefined where the API has no sandbox. */
  readonly sandboxUpstream: UpstreamRecord | undefined;
  /**
   * `deprecation` and `sunset` as the answers of a deprecated API carry them: flat name, value
   * pairs, made once for all its operations.
   */
  readonly deprecationFields: readonly string[] | undefined;
}

/** What an app may do with one API. */
export interface Grant {
  readonly planId: string;
  readonly scopes: ReadonlySet<string>;
}

/** Records by id, as the data plane asks for them: one at a time. */
export interface RecordLookup<T> {
  get(id: string): T | undefined;
}

export interface CompiledSnapshot {
  readonly version: number;
  readonly keys: RecordLookup<KeyEntry>;
  /** Joined anew for each call: whoever asks often keeps it for the version. */
  app(id: string): AppEntry | undefined;
  readonly plans: RecordLookup<PlanRecord>;
  readonly upstreams: RecordLookup<UpstreamRecord>;
  readonly topics: RecordLookup<TopicRecord>;
  /** The operation of that id. */
  operation(id: string): OperationEntry | undefined;
  /**
   * The operation at a canonical path, or `not-found`, or `method-not-allowed` (with `allow`), or
   * `malformed-request` where the path is another spelling of a published one.
   */
  find(method: string, path: string): OperationEntry | Problem;
  grant(appId: string, apiId: string): Grant | undefined;
}

/**
 * The one mutable cell of the data plane's configuration: readers take `current` once a request.
 */
export interface SnapshotHolder {
  current: CompiledSnapshot;
}
