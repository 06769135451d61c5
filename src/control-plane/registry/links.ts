/** Which record names which: the one table that checks, indexes and lists go by. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import type { AnyKind, RecordKind } from './kinds.ts';

export interface Link {
  readonly from: RecordKind;
  /** The property that holds an id, or a list of ids. */
  readonly property: string;
  readonly to: RecordKind;
  /** What it names, for messages. */
  readonly noun: string;
}

export const LINKS: readonly Link[] = [
  { from: 'app', property: 'partner', to: 'partner', noun: 'the partner' },
  { from: 'key', property: 'app', to: 'app', noun: 'the app' },
  { from: 'api', property: 'upstream', to: 'upstream', noun: 'the upstream' },
  { from: 'api', property: 'sandboxUpstream', to: 'upstream', noun: 'the upstream' },
  { from: 'topic', property: 'api', to: 'api', noun: 'the API' },
  { from: 'product', property: 'apis', to: 'api', noun: 'the API' },
  { from: 'subscription', property: 'app', to: 'app', noun: 'the app' },
  { from: 'subscription', property: 'product', to: 'product', noun: 'the product' },
  { from: 'subscription', property: 'plan', to: 'plan', noun: 'the plan' },
];

/** The links out of each kind, and into it. */
export const LINKS_FROM: ReadonlyMap<AnyKind, readonly Link[]> = groupBy('from');
export const LINKS_TO: ReadonlyMap<AnyKind, readonly Link[]> = groupBy('to');

/** The ids that a record names by that link, each once. */
export function namedIds(body: JsonObject, { property }: Link): readonly string[] {
  const value: JsonValue | undefined = body[property];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value : [];
}

function groupBy(end: 'from' | 'to'): Map<AnyKind, Link[]> {
  const groups = new Map<AnyKind, Link[]>();
  for (const link of LINKS) {
    const group = groups.get(link[end]);
    if (group === undefined) groups.set(link[end], [link]);
    else group.push(link);
  }
  return groups;
}
