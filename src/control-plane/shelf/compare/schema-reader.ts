/** Reads the schemas of one document, each of them once. */
import type { JsonObject } from '../../../stores/registry-contract.ts';
import { isObject } from '../json-object.ts';
import type { JsonPath } from '../pointers.ts';
import type { References, Resolved } from '../references.ts';
import {
  anything,
  type Choice,
  type FlatSchema,
  layTogether,
  nothing,
  type PlacedSchema,
} from './flat-schema.ts';

/** Of one schema; parts that are there twice count once. */
const PARTS_MAX = 500;
/** Of all schemas of a document. */
const PARTS_TOTAL_MAX = 1_000_000;

export class SchemaReader {
  readonly references: References;
  /** Whether a schema had more parts than are looked at. */
  isCut = false;
  /** 3.0 reads nothing beside a `$ref`. */
  private readonly hasSiblings: boolean;
  private readonly known = new Map<object, FlatSchema>();
  private readonly chosen = new Map<object, Map<PlacedSchema, FlatSchema>>();
  private readonly split = new Map<FlatSchema, readonly FlatSchema[]>();
  private partsTotal = 0;

  constructor(document: JsonObject, references: References) {
    this.references = references;
    this.hasSiblings = !String(document.openapi).startsWith('3.0');
  }

  flatten(schema: PlacedSchema): FlatSchema {
    const { value, path } = schema;
    if (value === false) return nothing(path);
    if (!isObject(value)) return schema.also === undefined ? anything(path) : this.read(schema);
    return this.read(schema);
  }

  /** With one alternative laid in. */
  choose(schema: FlatSchema, { list }: Choice, member: PlacedSchema): FlatSchema {
    const known = this.chosen.get(schema.identity) ?? new Map<PlacedSchema, FlatSchema>();
    this.chosen.set(schema.identity, known);
    let flat = known.get(member);
    if (flat === undefined) {
      const parts = new Map(schema.parts.map(part => [part.value, part]));
      if (member.value === false) flat = nothing(member.path);
      else {
        this.collect(member, parts);
        flat = layTogether([...parts.values()], {
          ...{ identity: {}, path: member.path },
          chosen: new Set([...schema.chosen, list]),
        });
      }
      known.set(member, flat);
    }
    return flat;
  }

  /** For each of its types the same with that one only. */
  byType(schema: FlatSchema): readonly FlatSchema[] {
    const { types } = schema;
    if (types === undefined || types.size < 2) return [schema];
    let flats = this.split.get(schema);
    if (flats === undefined) {
      flats = [...types].map(type => ({ ...schema, identity: {}, types: new Set([type]) }));
      this.split.set(schema, flats);
    }
    return flats;
  }

  private read(schema: PlacedSchema): FlatSchema {
    const { identity, path } = this.placeOf(schema);
    let flat = this.known.get(identity);
    if (flat === undefined) {
      const parts = new Map<JsonObject, Resolved>();
      this.collect(schema, parts);
      const isFalse = [schema, ...(schema.also ?? [])].some(({ value }) => value === false);
      flat = isFalse
        ? nothing(path)
        : layTogether([...parts.values()], { identity, path, chosen: NONE });
      this.known.set(identity, flat);
    }
    return flat;
  }

  /** A bare reference is what it refers to. */
  private placeOf(schema: PlacedSchema): { readonly identity: object; readonly path: JsonPath } {
    const { value, path, also } = schema;
    if (also !== undefined || !isObject(value)) return { identity: schema, path };
    let place = { value, path };
    for (const hop of this.references.follow(value, path)) {
      place = hop;
      if (this.hasSiblings && Object.keys(hop.value).length > 1) break;
    }
    return { identity: place.value, path: place.path };
  }

  /** @param parts by what is written: of an `allOf` that has the same twice, one is enough */
  private collect(schema: PlacedSchema, parts: Map<JsonObject, Resolved>): void {
    for (const { value, path } of [schema, ...(schema.also ?? [])]) {
      const hops = this.references.follow(value, path);
      for (const [index, hop] of hops.entries()) {
        const isLast = index === hops.length - 1;
        if (isLast || this.hasSiblings) this.add(hop, isLast, parts);
      }
    }
  }

  private add(part: Resolved, isLast: boolean, parts: Map<JsonObject, Resolved>): void {
    if (parts.has(part.value)) return;
    if (parts.size >= PARTS_MAX || this.partsTotal >= PARTS_TOTAL_MAX) {
      this.isCut = true;
      return;
    }
    this.partsTotal += 1;
    const { $ref: _, ...siblings } = part.value;
    parts.set(part.value, isLast ? part : { value: siblings, path: part.path });
    const { allOf } = part.value;
    if (!Array.isArray(allOf)) return;
    for (const [index, value] of allOf.entries()) {
      this.collect({ value, path: [...part.path, 'allOf', index] }, parts);
    }
  }
}

const NONE: ReadonlySet<never> = new Set();
