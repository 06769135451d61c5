/** A schema with its reference followed and its `allOf` laid together. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import type { JsonPath } from '../pointers.ts';
import type { References } from '../references.ts';

const ALL_OF_DEPTH_MAX = 16;

export interface PlacedSchema {
  readonly value: JsonValue | undefined;
  readonly path: JsonPath;
}

export interface FlatSchema {
  /** The resolved object: the same one for the same reference. */
  readonly identity: JsonObject;
  readonly path: JsonPath;
  /** Undefined: any. `integer` stands beside `number` where both may be. */
  readonly types: ReadonlySet<string> | undefined;
  readonly enum: readonly JsonValue[] | undefined;
  readonly required: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, PlacedSchema>;
  readonly items: PlacedSchema | undefined;
  readonly closed: boolean;
  readonly alternatives: readonly PlacedSchema[];
  /** Bounds, patterns and formats, the last that says one. */
  readonly limits: JsonObject;
}

const LIMITS = [
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minProperties',
  'maxProperties',
  'multipleOf',
  'uniqueItems',
] as const;

/** Undefined where there is no schema, or it is `true` or `{}`-like in that it is no object. */
export function flatten(schema: PlacedSchema, references: References): FlatSchema | undefined {
  const resolved = references.resolve(schema.value, schema.path);
  if (resolved === undefined) return undefined;
  const parts = partsOf(schema, references, 0);
  const limits: Record<string, JsonValue> = {};
  const properties = new Map<string, PlacedSchema>();
  const required = new Set<string>();
  const alternatives: PlacedSchema[] = [];
  let types: ReadonlySet<string> | undefined;
  let values: readonly JsonValue[] | undefined;
  let items: PlacedSchema | undefined;
  for (const { value, path } of parts) {
    types = typesOf(value) ?? types;
    values = valuesOf(value) ?? values;
    if (value.items !== undefined) items = { value: value.items, path: [...path, 'items'] };
    for (const name of stringsIn(value.required)) required.add(name);
    for (const [name, below] of Object.entries(
      isObject(value.properties) ? value.properties : {},
    )) {
      properties.set(name, { value: below, path: [...path, 'properties', name] });
    }
    alternatives.push(...alternativesOf(value, path));
    for (const name of LIMITS) if (value[name] !== undefined) limits[name] = value[name];
  }
  const closed = parts.some(({ value }) => value.additionalProperties === false);
  const { path, value: identity } = resolved;
  const flat = { identity, path, types, enum: values, required, properties, items };
  return { ...flat, closed, alternatives, limits };
}

function partsOf(schema: PlacedSchema, references: References, depth: number) {
  const resolved = references.resolve(schema.value, schema.path);
  if (resolved === undefined) return [];
  const parts = [resolved];
  const { allOf } = resolved.value;
  if (!Array.isArray(allOf) || depth >= ALL_OF_DEPTH_MAX) return parts;
  for (const [index, value] of allOf.entries()) {
    const path = [...resolved.path, 'allOf', index];
    parts.push(...partsOf({ value, path }, references, depth + 1));
  }
  return parts;
}

/** 3.0 says `nullable`, 3.1 lists `null` among the types. */
function typesOf({ type, nullable }: JsonObject): ReadonlySet<string> | undefined {
  const types = typeof type === 'string' ? [type] : stringsIn(type);
  if (types.length === 0) return undefined;
  return new Set(nullable === true ? [...types, 'null'] : types);
}

function valuesOf({ enum: values, const: value }: JsonObject): readonly JsonValue[] | undefined {
  if (Array.isArray(values)) return values;
  return value === undefined ? undefined : [value];
}

function stringsIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

function alternativesOf(value: JsonObject, path: JsonPath): PlacedSchema[] {
  return ['oneOf', 'anyOf'].flatMap(keyword => {
    const given = value[keyword];
    if (!Array.isArray(given)) return [];
    return given.map((below, index) => ({ value: below, path: [...path, keyword, index] }));
  });
}
