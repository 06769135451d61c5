/**
 * Copies parts of a document without what is the bank's own affair: addresses behind the gateway,
 * extensions, and whatever leads to an operation that cannot be called.
 */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { isMany, type Place, placeOf, placeOfItems } from './document-shape.ts';
import { isObject } from './json-object.ts';
import { fragmentSteps } from './pointers.ts';
import type { PublishedOperations } from './published-operations.ts';
import { References } from './references.ts';

/** Extensions that say how the gateway is called. */
const OURS = new Set([
  'x-xingyun-id',
  'x-required-scopes',
  'x-access',
  'x-message-signature',
  'x-idempotency',
]);
const SERVERS = new Set(['servers', 'server']);

/** Where what is referred to may stand among the components. */
const GROUPS: Readonly<Partial<Record<Place, string>>> = {
  schema: 'schemas',
  response: 'responses',
  parameter: 'parameters',
  example: 'examples',
  requestBody: 'requestBodies',
  header: 'headers',
  link: 'links',
  callback: 'callbacks',
};
const KEPT = new Set(Object.values(GROUPS));

type Moved = Map<string, Map<string, JsonValue>>;

export class PublicCopy {
  private readonly references: References;
  private readonly document: JsonObject;
  private readonly published: PublishedOperations;
  /** By reference, the component that stands for it from now on. */
  private readonly movedTo = new Map<string, string>();
  private readonly movedByGroup: Moved = new Map();
  /** Path items on the way to where the copy is. */
  private readonly entered = new Set<JsonObject>();

  constructor(document: JsonObject, published: PublishedOperations) {
    this.document = document;
    this.references = new References(document);
    this.published = published;
  }

  object(value: JsonObject, place: Place): JsonObject {
    const members: [string, JsonValue][] = [];
    for (const [name, given] of Object.entries(value)) {
      const isName = isMany(place);
      if (!isName && (SERVERS.has(name) || (name.startsWith('x-') && !OURS.has(name)))) continue;
      const below = placeOf(place, name);
      const copied = below === undefined ? given : this.value(given, below);
      if (copied !== undefined) members.push([name, copied]);
    }
    return Object.fromEntries(members);
  }

  /** Components for what was referred to where it is not shown: by group, then by name. */
  moved(): ReadonlyMap<string, ReadonlyMap<string, JsonValue>> {
    return this.movedByGroup;
  }

  /** Undefined where it is not shown. */
  private value(value: JsonValue, place: Place): JsonValue | undefined {
    if (Array.isArray(value)) {
      const below = placeOfItems(place);
      return value.flatMap(item => this.value(item, below) ?? []);
    }
    if (!isObject(value)) return value;
    const isReference = typeof value.$ref === 'string' && !isMany(place);
    if (place === 'pathItem') return this.pathItem(value);
    if (isReference) return this.reference(value, place);
    if (place === 'link') return this.link(value);
    const copied = this.object(value, place);
    // Below callbacks and webhooks: what the bank calls has no scheme of the gateway's.
    return place === 'operation' ? { ...copied, security: [] } : copied;
  }

  /** Of a callback or a webhook; it is written out, because components have none of them here. */
  private pathItem(given: JsonObject): JsonValue | undefined {
    const item = this.references.resolve(given)?.value;
    if (item === undefined || this.entered.has(item)) return undefined;
    this.entered.add(item);
    const copied = this.object(item, 'pathItem');
    this.entered.delete(item);
    return copied;
  }

  private link(value: JsonObject): JsonObject | undefined {
    const operationId = this.published.idBehind(value);
    if (operationId === undefined) return undefined;
    const { operationRef: _, ...kept } = this.object(value, 'link');
    return { ...kept, operationId };
  }

  private reference(value: JsonObject, place: Place): JsonValue | undefined {
    const given = String(value.$ref);
    const copied = this.object(value, place);
    const steps = fragmentSteps(given);
    if (steps === undefined || isKept(steps)) return copied;
    const $ref = this.move(given, place);
    return $ref === undefined ? undefined : { ...copied, $ref };
  }

  /** What stands where nobody sees it becomes a component of its own. */
  private move(reference: string, place: Place): string | undefined {
    const known = this.movedTo.get(reference);
    if (known !== undefined) return known;
    const group = GROUPS[place];
    const target = this.references.resolve({ $ref: reference })?.value;
    if (group === undefined || target === undefined) return undefined;
    const named = this.movedByGroup.get(group) ?? new Map<string, JsonValue>();
    this.movedByGroup.set(group, named);
    const name = this.freeName(group, named);
    const moved = `#/components/${group}/${name}`;
    // Before it is copied: it may refer to itself.
    this.movedTo.set(reference, moved);
    named.set(name, {});
    named.set(name, this.value(target, place) ?? {});
    return moved;
  }

  private freeName(group: string, moved: ReadonlyMap<string, JsonValue>): string {
    const { components } = this.document;
    const taken = isObject(components) ? components[group] : undefined;
    for (let number = moved.size + 1; ; number++) {
      const name = `Part${number}`;
      if (!(isObject(taken) && name in taken) && !moved.has(name)) return name;
    }
  }
}

function isKept(steps: readonly string[]): boolean {
  return steps.length >= 3 && steps[0] === 'components' && KEPT.has(steps[1]!);
}
