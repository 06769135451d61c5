/** A schema with its references followed and its `allOf` laid together. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import type { JsonPath } from '../pointers.ts';
import type { Resolved } from '../references.ts';
import { otherMembers } from './keywords.ts';
import { hasLimits, type Limits, NO_LIMITS, readLimits } from './limits.ts';

export interface PlacedSchema {
  readonly value: JsonValue | undefined;
  readonly path: JsonPath;
  /** What holds as well, from other parts of an `allOf`. */
  readonly also?: readonly PlacedSchema[];
}

/** A `oneOf` or `anyOf`. */
export interface Choice {
  /** As it is written. */
  readonly list: JsonValue;
  readonly members: readonly PlacedSchema[];
}

export interface FlatSchema {
  /** The same one for the same schema, however often it is referred to. */
  readonly identity: object;
  readonly path: JsonPath;
  readonly parts: readonly Resolved[];
  /** Undefined: any. `integer` stands beside `number` where both may be. */
  readonly types: ReadonlySet<string> | undefined;
  readonly enum: readonly JsonValue[] | undefined;
  readonly required: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, PlacedSchema>;
  /** Of what has no name in `properties`; undefined: anything. */
  readonly additional: PlacedSchema | undefined;
  /** Whether there is nothing but what `properties` names. */
  readonly isClosed: boolean;
  readonly prefixItems: readonly PlacedSchema[];
  readonly items: PlacedSchema | undefined;
  /** One of each holds as well. */
  readonly choices: readonly Choice[];
  /** Lists of which one is laid in already. */
  readonly chosen: ReadonlySet<JsonValue>;
  readonly limits: Limits;
  /** Keywords that are compared as they are written. */
  readonly others: ReadonlyMap<string, readonly PlacedSchema[]>;
  readonly isReadOnly: boolean;
  readonly isWriteOnly: boolean;
}

const ANY = { identity: {} };

/** What has no schema, or one that says nothing. */
export function anything(path: JsonPath): FlatSchema {
  return {
    ...{ identity: ANY.identity, path, parts: [], types: undefined, enum: undefined },
    ...{ required: new Set(), properties: new Map(), additional: undefined, isClosed: false },
    ...{
      prefixItems: [],
      items: undefined,
      choices: [],
      chosen: new Set(),
      limits: NO_LIMITS,
      others: new Map(),
    },
    ...{ isReadOnly: false, isWriteOnly: false },
  };
}

const NOTHING = { identity: {} };

/** For `false`. */
export function nothing(path: JsonPath): FlatSchema {
  return { ...anything(path), identity: NOTHING.identity, types: new Set() };
}

export function isAnything(schema: FlatSchema): boolean {
  const { types, enum: values, required, properties, additional, isClosed } = schema;
  const { prefixItems, items, choices, limits, others } = schema;
  const size = required.size + properties.size + prefixItems.length + choices.length + others.size;
  const rest = types ?? values ?? additional ?? items;
  return size === 0 && rest === undefined && !isClosed && !hasLimits(limits);
}

export function layTogether(
  parts: readonly Resolved[],
  { identity, path, chosen }: Pick<FlatSchema, 'identity' | 'path' | 'chosen'>,
): FlatSchema {
  const types = parts.reduce<ReadonlySet<string> | undefined>(
    (all, { value }) => bothTypes(all, typesOf(value)),
    undefined,
  );
  const prefixes = parts.map(({ value, path: at }) => listIn(value, at, 'prefixItems'));
  const length = Math.max(0, ...prefixes.map(prefix => prefix.length));
  return {
    ...{ identity, path, parts, types },
    enum: parts.reduce<readonly JsonValue[] | undefined>(
      (all, { value }) => bothValues(all, valuesOf(value)),
      undefined,
    ),
    required: new Set(parts.flatMap(({ value }) => stringsIn(value.required))),
    properties: propertiesOf(parts),
    additional: all(parts.flatMap(part => schemasIn(part, 'additionalProperties'))),
    isClosed: parts.some(({ value }) => value.additionalProperties === false),
    prefixItems: Array.from({ length }, (_, index) => all(prefixes.flatMap(p => p[index] ?? []))!),
    items: all(parts.flatMap(part => schemasIn(part, 'items'))),
    choices: parts.flatMap(part => choicesIn(part, chosen)),
    chosen,
    limits: readLimits(parts, types?.size === 1 && types.has('integer')),
    others: othersOf(parts),
    isReadOnly: parts.some(({ value }) => value.readOnly === true),
    isWriteOnly: parts.some(({ value }) => value.writeOnly === true),
  };
}

/** All of them hold. */
function all([first, ...also]: readonly PlacedSchema[]): PlacedSchema | undefined {
  return first === undefined || also.length === 0 ? first : { ...first, also };
}

function schemasIn({ value, path }: Resolved, keyword: string): PlacedSchema[] {
  const below = value[keyword];
  if (below === undefined || below === true || Array.isArray(below)) return [];
  return [{ value: below, path: [...path, keyword] }];
}

function listIn(value: JsonObject, path: JsonPath, keyword: string): PlacedSchema[] {
  const list = value[keyword];
  if (!Array.isArray(list)) return [];
  return list.map((below, index) => ({ value: below, path: [...path, keyword, index] }));
}

function choicesIn({ value, path }: Resolved, chosen: ReadonlySet<JsonValue>): Choice[] {
  return ['oneOf', 'anyOf'].flatMap(keyword => {
    const list = value[keyword];
    if (list === undefined || chosen.has(list)) return [];
    const members = listIn(value, path, keyword);
    return members.length === 0 ? [] : [{ list, members }];
  });
}

function propertiesOf(parts: readonly Resolved[]): ReadonlyMap<string, PlacedSchema> {
  const found = new Map<string, PlacedSchema[]>();
  for (const { value, path } of parts) {
    if (!isObject(value.properties)) continue;
    for (const [name, below] of Object.entries(value.properties)) {
      const placed = { value: below, path: [...path, 'properties', name] };
      const known = found.get(name);
      if (known === undefined) found.set(name, [placed]);
      else known.push(placed);
    }
  }
  return new Map(Array.from(found, ([name, schemas]) => [name, all(schemas)!]));
}

function othersOf(parts: readonly Resolved[]): ReadonlyMap<string, readonly PlacedSchema[]> {
  const found = new Map<string, PlacedSchema[]>();
  for (const { value, path } of parts) {
    for (const [keyword, below] of otherMembers(value)) {
      const placed = { value: below, path: [...path, keyword] };
      const known = found.get(keyword);
      if (known === undefined) found.set(keyword, [placed]);
      else known.push(placed);
    }
  }
  return found;
}

type Types = ReadonlySet<string> | undefined;

function bothTypes(some: Types, others: Types): Types {
  if (some === undefined || others === undefined) return some ?? others;
  const both = [...some].filter(type => isAmong(type, others));
  return new Set([...both, ...[...others].filter(type => isAmong(type, some))]);
}

/** A number takes integers. */
export function isAmong(type: string, types: ReadonlySet<string>): boolean {
  return types.has(type) || (type === 'integer' && types.has('number'));
}

/** 3.0 says `nullable`, 3.1 lists `null` among the types. */
function typesOf({ type, nullable }: JsonObject): Types {
  const types = typeof type === 'string' ? [type] : stringsIn(type);
  if (types.length === 0) return undefined;
  return new Set(nullable === true ? [...types, 'null'] : types);
}

type Values = readonly JsonValue[] | undefined;

function bothValues(some: Values, others: Values): Values {
  if (some === undefined || others === undefined) return some ?? others;
  const known = new Set(others.map(value => JSON.stringify(value)));
  return some.filter(value => known.has(JSON.stringify(value)));
}

function valuesOf({ enum: values, const: value }: JsonObject): Values {
  if (Array.isArray(values)) return values;
  return value === undefined ? undefined : [value];
}

function stringsIn(value: JsonValue | undefined): string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}
