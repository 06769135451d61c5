/**
 * The kinds of record, in the order in which one may name another: whatever a record names is of a
 * kind before its own. `list` is the name in `registry.yaml` and in the paths of the admin API.
 */
import type { JsonObject } from '../../stores/registry-contract.ts';
import {
  ApiSchema,
  AppSchema,
  KeySchema,
  PartnerSchema,
  PlanSchema,
  ProductSchema,
  SubscriptionSchema,
  TopicSchema,
} from './schema.ts';
import { UpstreamSchema } from './upstream-schema.ts';

export const RECORD_KINDS = [
  { kind: 'partner', list: 'partners', schema: PartnerSchema, countMax: 10_000 },
  { kind: 'app', list: 'apps', schema: AppSchema, countMax: 200_000 },
  { kind: 'key', list: 'keys', schema: KeySchema, countMax: 400_000 },
  { kind: 'upstream', list: 'upstreams', schema: UpstreamSchema, countMax: 10_000 },
  { kind: 'api', list: 'apis', schema: ApiSchema, countMax: 20_000 },
  { kind: 'topic', list: 'topics', schema: TopicSchema, countMax: 1_000 },
  { kind: 'product', list: 'products', schema: ProductSchema, countMax: 10_000 },
  { kind: 'plan', list: 'plans', schema: PlanSchema, countMax: 1_000 },
  { kind: 'subscription', list: 'subscriptions', schema: SubscriptionSchema, countMax: 1_000_000 },
] as const;

export type RecordKind = (typeof RECORD_KINDS)[number]['kind'];
export type ListName = (typeof RECORD_KINDS)[number]['list'];

/**
 * Records of processes: kept, versioned and audited like the others, but neither exported nor
 * applied, and no front sees them. What made them checks what is in them.
 */
export const PROCESS_KINDS = ['approval', 'certification', 'onboarding'] as const;
export type ProcessKind = (typeof PROCESS_KINDS)[number];
export type AnyKind = RecordKind | ProcessKind;

/** A subscription has no id of its own; ids of apps and products have no dot. */
export function subscriptionId(app: string, product: string): string {
  return `${app}.${product}`;
}

/** The id of a record that has what its id is made of; '' where that is no text. */
export function idOf(kind: RecordKind, body: JsonObject): string {
  if (kind !== 'subscription') return textOf(body.id);
  return subscriptionId(textOf(body.app), textOf(body.product));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
