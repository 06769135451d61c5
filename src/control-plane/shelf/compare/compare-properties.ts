/** What an object is made of: its properties, which of them must be there, and all others. */
import type { JsonPath } from '../pointers.ts';
import type { FlatSchema, PlacedSchema } from './flat-schema.ts';
import type { SchemaReader } from './schema-reader.ts';
import type { SchemaPairs, Side } from './side.ts';

interface Pair {
  readonly before: FlatSchema;
  readonly after: FlatSchema;
  readonly side: Side;
  /** Of what is compared below. */
  readonly depth: number;
}

interface Named {
  readonly properties: ReadonlyMap<string, PlacedSchema>;
  readonly required: ReadonlySet<string>;
}

/** Of a request without what only answers have, and the other way round. */
function namedIn({ properties, required }: FlatSchema, side: Side, reader: SchemaReader): Named {
  const hidden = new Set<string>();
  for (const [name, schema] of properties) {
    const { isReadOnly, isWriteOnly } = reader.flatten(schema);
    if (side === 'request' ? isReadOnly : isWriteOnly) hidden.add(name);
  }
  if (hidden.size === 0) return { properties, required };
  return {
    properties: new Map([...properties].filter(([name]) => !hidden.has(name))),
    required: new Set([...required].filter(name => !hidden.has(name))),
  };
}

export function compareProperties(schemas: SchemaPairs, pair: Pair): void {
  const { before, after, side, depth } = pair;
  const old = namedIn(before, side, schemas.before);
  const now = namedIn(after, side, schemas.after);
  for (const [name, schema] of old.properties) {
    const later = now.properties.get(name);
    if (later !== undefined) schemas.compare(schema, later, side, depth);
    else removeProperty(schemas, name, schema, pair);
  }
  for (const [name, schema] of now.properties) {
    if (old.properties.has(name)) continue;
    if (before.additional !== undefined) schemas.compare(before.additional, schema, side, depth);
    if (side === 'request' && now.required.has(name)) continue;
    schemas.changes.addCompatible('property-added', schema.path, 'is new');
  }
  if (side === 'request') compareRequired(schemas, old, now, after.path);
  else comparePromised(schemas, old, now, after.path);
  compareAdditional(schemas, pair);
}

function removeProperty(
  schemas: SchemaPairs,
  name: string,
  schema: PlacedSchema,
  { after, side, depth }: Pair,
): void {
  const { path } = schema;
  const { changes } = schemas;
  if (side === 'response') {
    return changes.addBreaking('property-removed', path, 'is not answered any more');
  }
  if (after.isClosed && !after.properties.has(name)) {
    return changes.addBreaking('property-removed', path, 'is refused now');
  }
  changes.addCompatible('property-removed', path, 'is not read any more');
  if (after.additional !== undefined) schemas.compare(schema, after.additional, side, depth);
}

function compareRequired({ changes }: SchemaPairs, old: Named, now: Named, path: JsonPath): void {
  for (const name of now.required) {
    if (old.required.has(name)) continue;
    const at = now.properties.get(name)?.path ?? [...path, 'required'];
    changes.addBreaking('property-required', at, `must be sent now (${name})`);
  }
  for (const name of old.required) {
    const later = now.properties.get(name);
    if (later === undefined || now.required.has(name)) continue;
    changes.addCompatible('property-optional', later.path, 'may be left out now');
  }
}

function comparePromised({ changes }: SchemaPairs, old: Named, now: Named, path: JsonPath): void {
  for (const name of old.required) {
    if (now.required.has(name)) continue;
    const later = now.properties.get(name);
    // That it is gone was said already.
    if (later === undefined && old.properties.has(name)) continue;
    const at = later?.path ?? [...path, 'required'];
    changes.addBreaking('property-optional', at, `may be absent now (${name})`);
  }
}

/** Properties without a name of their own: the values of a map, as a rule. */
function compareAdditional(schemas: SchemaPairs, { before, after, side, depth }: Pair): void {
  const path = [...after.path, 'additionalProperties'];
  if (before.isClosed !== after.isClosed) {
    const { changes } = schemas;
    if (side === 'request' && after.isClosed) {
      changes.addBreaking('object-closed', path, 'refuses properties that it does not know');
    } else if (side === 'request') {
      changes.addCompatible('object-opened', path, 'takes properties that it does not know');
    } else if (after.isClosed && before.additional !== undefined) {
      changes.addBreaking('map-removed', path, 'answers no properties but those with names');
    }
    return;
  }
  if (before.isClosed || (before.additional ?? after.additional) === undefined) return;
  schemas.compare(before.additional, after.additional ?? { value: undefined, path }, side, depth);
}
