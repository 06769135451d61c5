/**
 * Compares two schemas from the side of whoever calls: in a request the new one must take all that
 * the old one took; in a response it must promise all that the old one promised.
 */
import type { JsonObject, JsonValue } from '../../../stores/registry-contract.ts';
import type { JsonPath } from '../pointers.ts';
import type { References } from '../references.ts';
import type { ChangeList } from './change-list.ts';
import { type FlatSchema, flatten, type PlacedSchema } from './flat-schema.ts';

export type Side = 'request' | 'response';

/** Pairs of schemas that one comparison may look at. */
const PAIRS_MAX = 100_000;
const DEPTH_MAX = 64;

/** Lower ones take more, or promise more. */
const UPPER = ['maxLength', 'maxItems', 'maximum', 'exclusiveMaximum', 'maxProperties'];
const LOWER = ['minLength', 'minItems', 'minimum', 'exclusiveMinimum', 'minProperties'];
const EXACT = ['pattern', 'multipleOf', 'uniqueItems'];

export class SchemaComparison {
  private readonly before: References;
  private readonly after: References;
  private readonly changes: ChangeList;
  /** Pairs that are being compared or have been: schemas may contain themselves. */
  private readonly seen = new Map<JsonObject, Map<JsonObject, Set<Side>>>();
  private pairs = 0;

  constructor(before: References, after: References, changes: ChangeList) {
    this.before = before;
    this.after = after;
    this.changes = changes;
  }

  compare(old: PlacedSchema, now: PlacedSchema, side: Side, depth = 0): void {
    const before = flatten(old, this.before);
    const after = flatten(now, this.after);
    if (after === undefined) {
      if (before !== undefined && side === 'response') this.drop(now.path);
      return;
    }
    const earlier = before ?? anything(now.path);
    if (this.isSeen(earlier.identity, after.identity, side)) return;
    if (this.pairs++ >= PAIRS_MAX || depth > DEPTH_MAX) {
      this.changes.complete = false;
      return;
    }
    this.compareTypes(earlier, after, side);
    this.compareValues(earlier, after, side);
    if (side === 'request') this.compareLimits(earlier, after);
    this.compareFormat(earlier, after);
    this.compareProperties(earlier, after, side, depth);
    this.compareAlternatives(earlier, after, side, depth);
    if (earlier.items !== undefined && after.items !== undefined) {
      this.compare(earlier.items, after.items, side, depth + 1);
    }
  }

  private drop(path: JsonPath): void {
    this.changes.addBreaking('schema-removed', path, 'says no longer what it is');
  }

  private isSeen(before: JsonObject, after: JsonObject, side: Side): boolean {
    let byAfter = this.seen.get(before);
    if (byAfter === undefined) {
      byAfter = new Map();
      this.seen.set(before, byAfter);
    }
    const sides = byAfter.get(after);
    if (sides?.has(side) === true) return true;
    if (sides === undefined) byAfter.set(after, new Set([side]));
    else sides.add(side);
    return false;
  }

  private compareTypes(before: FlatSchema, after: FlatSchema, side: Side): void {
    const path = [...after.path, 'type'];
    const lost = missing(before.types, after.types);
    const gained = missing(after.types, before.types);
    if (side === 'request') {
      if (lost.length > 0) {
        this.changes.addBreaking('type-narrowed', path, `takes no ${list(lost)} any more`);
      } else if (gained.length > 0) {
        this.changes.addCompatible('type-widened', path, `takes ${list(gained)} as well`);
      }
    } else if (gained.length > 0) {
      this.changes.addBreaking('type-widened', path, `may be ${list(gained)} now`);
    } else if (lost.length > 0) {
      this.changes.addCompatible('type-narrowed', path, `is no ${list(lost)} any more`);
    }
  }

  private compareValues(before: FlatSchema, after: FlatSchema, side: Side): void {
    const path = [...after.path, 'enum'];
    const old = before.enum?.map(value => JSON.stringify(value));
    const now = after.enum?.map(value => JSON.stringify(value));
    if (now === undefined) {
      if (old !== undefined)
        this.changes.addCompatible('enum-opened', path, 'has no list any more');
      return;
    }
    if (old === undefined) {
      if (side === 'response') return;
      return this.changes.addBreaking('enum-introduced', path, `takes ${list(now)} only`);
    }
    const removed = old.filter(value => !now.includes(value));
    const added = now.filter(value => !old.includes(value));
    if (removed.length > 0) {
      const message = `has no ${list(removed)} any more`;
      if (side === 'request') this.changes.addBreaking('enum-value-removed', path, message);
      else this.changes.addCompatible('enum-value-removed', path, message);
    }
    if (added.length === 0) return;
    // Partners are told to expect values that they do not know (docs/shelf.md).
    this.changes.addCompatible('enum-value-added', path, `has ${list(added)} as well`);
  }

  private compareLimits(before: FlatSchema, after: FlatSchema): void {
    for (const name of [...UPPER, ...LOWER, ...EXACT]) {
      const now = after.limits[name];
      const old = before.limits[name];
      if (now === undefined || now === old || !isTighter(name, old, now)) continue;
      const was = old === undefined ? 'without one before' : `${JSON.stringify(old)} before`;
      const message = `is ${JSON.stringify(now)}, ${was}`;
      this.changes.addBreaking('limit-tightened', [...after.path, name], message);
    }
  }

  private compareFormat(before: FlatSchema, after: FlatSchema): void {
    const { format: old } = before.limits;
    const { format: now } = after.limits;
    if (old === undefined || now === undefined || old === now) return;
    const message = `is ${JSON.stringify(now)}, ${JSON.stringify(old)} before`;
    this.changes.addBreaking('format-changed', [...after.path, 'format'], message);
  }

  private compareProperties(
    before: FlatSchema,
    after: FlatSchema,
    side: Side,
    depth: number,
  ): void {
    for (const [name, old] of before.properties) {
      const now = after.properties.get(name);
      if (now !== undefined) this.compare(old, now, side, depth + 1);
      else this.removeProperty(name, before, after, side);
    }
    for (const [name, { path }] of after.properties) {
      if (before.properties.has(name)) continue;
      if (side === 'request' && after.required.has(name)) continue;
      this.changes.addCompatible('property-added', path, 'is new');
    }
    if (side === 'request') this.compareRequired(before, after);
    else this.comparePromised(before, after);
  }

  private removeProperty(name: string, before: FlatSchema, after: FlatSchema, side: Side): void {
    const path = before.properties.get(name)!.path;
    if (side === 'response') {
      this.changes.addBreaking('property-removed', path, 'is not answered any more');
    } else if (after.closed) {
      this.changes.addBreaking('property-removed', path, 'is refused now');
    } else {
      this.changes.addCompatible('property-removed', path, 'is not read any more');
    }
  }

  private compareRequired(before: FlatSchema, after: FlatSchema): void {
    for (const name of after.required) {
      if (before.required.has(name)) continue;
      const path = after.properties.get(name)?.path ?? [...after.path, 'required'];
      this.changes.addBreaking('property-required', path, `must be sent now (${name})`);
    }
    for (const name of before.required) {
      if (after.required.has(name) || !after.properties.has(name)) continue;
      const { path } = after.properties.get(name)!;
      this.changes.addCompatible('property-optional', path, 'may be left out now');
    }
  }

  private comparePromised(before: FlatSchema, after: FlatSchema): void {
    for (const name of before.required) {
      const now = after.properties.get(name);
      if (now === undefined || after.required.has(name)) continue;
      this.changes.addBreaking('property-optional', now.path, 'may be absent now');
    }
  }

  private compareAlternatives(
    before: FlatSchema,
    after: FlatSchema,
    side: Side,
    depth: number,
  ): void {
    const old = before.alternatives;
    const now = after.alternatives;
    const { path } = after;
    if (now.length < old.length && side === 'request' && now.length > 0) {
      this.changes.addBreaking('alternative-removed', path, 'takes fewer alternatives');
    } else if (old.length === 0 && now.length > 0 && side === 'request') {
      this.changes.addBreaking('alternative-introduced', path, 'takes its alternatives only');
    } else if (now.length > old.length) {
      this.changes.addCompatible('alternative-added', path, 'has more alternatives');
    }
    if (now.length !== old.length) return;
    for (const [index, alternative] of old.entries()) {
      this.compare(alternative, now[index]!, side, depth + 1);
    }
  }
}

/** For what had no schema: it took, or was, whatever it liked. */
function anything(path: JsonPath): FlatSchema {
  const none = { types: undefined, enum: undefined, items: undefined, closed: false };
  const empty = { required: new Set<string>(), properties: new Map<string, PlacedSchema>() };
  return { identity: {}, path, ...none, ...empty, alternatives: [], limits: {} };
}

/** Types of the first that the second does not have; a number takes integers. */
function missing(
  types: ReadonlySet<string> | undefined,
  among: ReadonlySet<string> | undefined,
): string[] {
  if (among === undefined) return [];
  if (types === undefined) return ['anything else'];
  return [...types].filter(type => {
    return !among.has(type) && !(type === 'integer' && among.has('number'));
  });
}

function isTighter(name: string, old: JsonValue | undefined, now: JsonValue): boolean {
  if (old === undefined) return now !== false;
  if (typeof old !== 'number' || typeof now !== 'number') return now !== false;
  if (UPPER.includes(name)) return now < old;
  if (LOWER.includes(name)) return now > old;
  return true;
}

const LISTED_MAX = 10;

function list(values: readonly string[]): string {
  const shown = values.slice(0, LISTED_MAX).map(value => value.slice(0, 60));
  return values.length > LISTED_MAX ? `${shown.join(', ')} and more` : shown.join(', ');
}
