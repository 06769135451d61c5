/** Bounds, patterns and formats of a schema: of several that hold at once, the strictest. */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import type { JsonPath } from '../pointers.ts';
import type { Resolved } from '../references.ts';

const UPPER = ['maxLength', 'maxItems', 'maxProperties', 'maximum'] as const;
const LOWER = ['minLength', 'minItems', 'minProperties', 'minimum'] as const;
const EXCLUSIVE = { minimum: 'exclusiveMinimum', maximum: 'exclusiveMaximum' } as const;

export const LIMIT_KEYWORDS: readonly string[] = [
  ...UPPER,
  ...LOWER,
  ...Object.values(EXCLUSIVE),
  'format',
  'pattern',
  'multipleOf',
  'uniqueItems',
];

/** They say how a value is kept or shown, and take none away that JSON has. */
const HARMLESS_FORMATS = new Set(['int64', 'float', 'double', 'password']);
/** Each takes all that the one before it takes. */
const WIDER_FORMATS = new Set(['int32 int64', 'float double']);

interface Bound {
  readonly value: number;
  readonly isExclusive: boolean;
  readonly keyword: string;
  readonly path: JsonPath;
}

export interface Limits {
  readonly bounds: ReadonlyMap<string, Bound>;
  /** By what they say, where they stand. */
  readonly patterns: ReadonlyMap<string, JsonPath>;
  readonly formats: ReadonlyMap<string, JsonPath>;
  readonly multiples: ReadonlyMap<number, JsonPath>;
  readonly uniqueItems: JsonPath | undefined;
}

export const NO_LIMITS: Limits = {
  bounds: new Map(),
  patterns: new Map(),
  formats: new Map(),
  multiples: new Map(),
  uniqueItems: undefined,
};

export function hasLimits(limits: Limits): boolean {
  const { bounds, patterns, formats, multiples, uniqueItems } = limits;
  return (
    bounds.size + patterns.size + formats.size + multiples.size > 0 || uniqueItems !== undefined
  );
}

export function readLimits(parts: readonly Resolved[], isInteger: boolean): Limits {
  const bounds = new Map<string, Bound>();
  const patterns = new Map<string, JsonPath>();
  const formats = new Map<string, JsonPath>();
  const multiples = new Map<number, JsonPath>();
  let uniqueItems: JsonPath | undefined;
  for (const { value, path } of parts) {
    for (const bound of boundsIn(value, path, isInteger)) {
      const known = bounds.get(bound.name);
      if (known === undefined || isStricter(bound.name, bound, known))
        bounds.set(bound.name, bound);
    }
    const { pattern, format, multipleOf } = value;
    if (typeof pattern === 'string') patterns.set(pattern, [...path, 'pattern']);
    if (typeof format === 'string') formats.set(format, [...path, 'format']);
    if (typeof multipleOf === 'number') multiples.set(multipleOf, [...path, 'multipleOf']);
    if (value.uniqueItems === true) uniqueItems = [...path, 'uniqueItems'];
  }
  return { bounds, patterns, formats, multiples, uniqueItems };
}

/** `exclusiveMinimum` is a flag beside `minimum` in 3.0, and a number of its own in 3.1. */
function* boundsIn(schema: JsonObject, path: JsonPath, isInteger: boolean) {
  for (const name of [...UPPER, ...LOWER]) {
    const flag = name === 'minimum' || name === 'maximum' ? EXCLUSIVE[name] : undefined;
    const isExclusive = flag !== undefined && schema[flag] === true;
    yield* boundOf(name, name, schema[name], isExclusive, path, isInteger);
    if (flag !== undefined) yield* boundOf(name, flag, schema[flag], true, path, isInteger);
  }
}

function* boundOf(
  name: string,
  keyword: string,
  value: JsonValue | undefined,
  isExclusive: boolean,
  path: JsonPath,
  isInteger: boolean,
) {
  if (typeof value !== 'number') return;
  const at = { name, keyword, path: [...path, keyword] };
  // Of integers, more than 0 are those from 1 on.
  const step = isUpper(name) ? Math.ceil(value) - 1 : Math.floor(value) + 1;
  if (isInteger && isExclusive) yield { ...at, value: step, isExclusive: false };
  else yield { ...at, value, isExclusive };
}

function isUpper(name: string): boolean {
  return (UPPER as readonly string[]).includes(name);
}

function isStricter(name: string, bound: Bound, than: Bound): boolean {
  if (bound.value === than.value) return bound.isExclusive && !than.isExclusive;
  return isUpper(name) ? bound.value < than.value : bound.value > than.value;
}

export interface Tightening {
  readonly path: JsonPath;
  /** A verb phrase. */
  readonly message: string;
}

/** What the second does not take, of what the first took. */
export function tightenings(before: Limits, after: Limits): Tightening[] {
  const found: Tightening[] = [];
  const add = (path: JsonPath, now: unknown, was: string) =>
    found.push({ path, message: `is ${JSON.stringify(now)}, ${was}` });
  for (const [name, bound] of after.bounds) {
    const old = before.bounds.get(name);
    if (old !== undefined && !isStricter(name, bound, old)) continue;
    add(bound.path, bound.value, old === undefined ? NEW : `${old.value} before`);
  }
  for (const [multiple, path] of after.multiples) {
    const old = [...before.multiples.keys()];
    if (old.some(other => isMultiple(other, multiple))) continue;
    add(path, multiple, old.length === 0 ? NEW : `${old.join(' and ')} before`);
  }
  for (const [pattern, path] of after.patterns) {
    if (before.patterns.has(pattern)) continue;
    add(path, pattern, before.patterns.size === 0 ? NEW : 'another one before');
  }
  if (after.uniqueItems !== undefined && before.uniqueItems === undefined) {
    add(after.uniqueItems, true, NEW);
  }
  return found;
}

const NEW = 'without one before';

function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) < 1e-9;
}

/** Formats that the second has and the first does not take, or promise. */
export function otherFormats(before: Limits, after: Limits): Tightening[] {
  const old = [...before.formats.keys()];
  return [...after.formats].flatMap(([format, path]) => {
    if (before.formats.has(format) || old.some(other => isWider(format, other))) return [];
    if (old.length === 0 && HARMLESS_FORMATS.has(format)) return [];
    const was = old.length === 0 ? NEW : `${old.join(' and ')} before`;
    return [{ path, message: `is ${JSON.stringify(format)}, ${was}` }];
  });
}

function isWider(format: string, than: string): boolean {
  return WIDER_FORMATS.has(`${than} ${format}`);
}
