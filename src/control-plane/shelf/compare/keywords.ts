/** Keywords of schemas beside those that are compared by what they mean. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import type { References } from '../references.ts';
import { LIMIT_KEYWORDS } from './limits.ts';

/** They tell people or programs about a value and take none away. */
const WORDS = new Set([
  ...['title', 'description', '$comment', 'deprecated', 'externalDocs', 'xml'],
  ...['default', 'example', 'examples', 'readOnly', 'writeOnly'],
  ...['$id', '$schema', '$anchor', '$dynamicAnchor', '$vocabulary', '$defs', 'definitions'],
]);
const COMPARED = new Set([
  ...['type', 'enum', 'const', 'required', 'properties', 'additionalProperties'],
  ...['items', 'prefixItems', 'allOf', 'oneOf', 'anyOf', ...LIMIT_KEYWORDS],
]);
/** Whoever writes one takes values away. */
const ASSERTIONS = new Set([
  ...['not', 'contains', 'minContains', 'maxContains', 'patternProperties', 'propertyNames'],
  ...['dependentRequired', 'dependentSchemas', 'unevaluatedProperties', 'unevaluatedItems'],
]);

export function isAssertion(keyword: string): boolean {
  return ASSERTIONS.has(keyword);
}

/** Members of a schema that can only be compared as they are written. */
export function otherMembers(schema: JsonObject): [keyword: string, value: JsonValue][] {
  return Object.entries(schema).filter(([keyword, value]) => {
    if (WORDS.has(keyword) || COMPARED.has(keyword) || keyword.startsWith('x-')) return false;
    // In 3.0 it means something beside a type only, and is read with it.
    if (keyword === 'nullable') return schema.type === undefined && value === true;
    return !saysNothing(value);
  });
}

function saysNothing(value: JsonValue): boolean {
  return value === true || (isObject(value) && Object.keys(value).length === 0);
}

/** Values that one comparison looks at. */
const VALUES_MAX = 10_000;

/** Whether two schemas say the same, whatever words and references they say it with. */
export class SameSchemas {
  private readonly before: References;
  private readonly after: References;
  private left = 0;
  private seen = new Map<JsonObject, Set<JsonObject>>();

  constructor(before: References, after: References) {
    this.before = before;
    this.after = after;
  }

  /** A no where there is too much to look at. */
  are(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
    this.left = VALUES_MAX;
    this.seen = new Map();
    return this.same(before, after);
  }

  private same(before: JsonValue | undefined, after: JsonValue | undefined): boolean {
    if (this.left-- <= 0) return false;
    if (Array.isArray(before)) {
      if (!Array.isArray(after) || after.length !== before.length) return false;
      return before.every((item, index) => this.same(item, after[index]));
    }
    if (!isObject(before) || !isObject(after)) return before === after;
    const old = this.before.resolve(before)?.value ?? before;
    const now = this.after.resolve(after)?.value ?? after;
    if (this.isSeen(old, now)) return true;
    const names = Object.keys(old).filter(name => !WORDS.has(name));
    const others = Object.keys(now).filter(name => !WORDS.has(name));
    if (names.length !== others.length) return false;
    return names.every(name => Object.hasOwn(now, name) && this.same(old[name], now[name]));
  }

  private isSeen(old: JsonObject, now: JsonObject): boolean {
    const known = this.seen.get(old) ?? new Set();
    this.seen.set(old, known);
    if (known.has(now)) return true;
    known.add(now);
    return false;
  }
}
