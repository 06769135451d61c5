/** Which alternatives of one schema may stand for which of another: by what they are, not where. */
import { type FlatSchema, isAmong, type PlacedSchema } from './flat-schema.ts';
import type { SameSchemas } from './keywords.ts';
import type { SchemaReader } from './schema-reader.ts';
import type { Side } from './side.ts';

export interface Alternative {
  /** With all that holds beside it. */
  readonly schema: FlatSchema;
  /** As it is written; undefined for a schema without alternatives, which is the only one. */
  readonly member: PlacedSchema | undefined;
}

/** The first of its choices laid in; without choices against another's, by its types. */
export function alternativesOf(
  schema: FlatSchema,
  other: FlatSchema,
  reader: SchemaReader,
): Alternative[] {
  const [choice] = schema.choices;
  if (choice === undefined) {
    const isAgainstChoice = other.choices.length > 0;
    const schemas = isAgainstChoice ? reader.byType(schema) : [schema];
    return schemas.map(one => ({ schema: one, member: undefined }));
  }
  return choice.members.map(member => ({ schema: reader.choose(schema, choice, member), member }));
}

/** Those that might do, the likeliest first; one alone that certainly does. */
export function candidatesFor(
  alternative: Alternative,
  needed: readonly Alternative[],
  offered: readonly Alternative[],
  same: SameSchemas,
  side: Side,
): readonly Alternative[] {
  if (needed.length === 1 && offered.length === 1) return offered;
  const twin = twinOf(alternative, needed.indexOf(alternative), offered, same, side);
  if (twin !== undefined) return [twin];
  return offered
    .map(candidate => ({ candidate, likeness: likenessOf(alternative.schema, candidate.schema) }))
    .filter(({ likeness }) => likeness >= 0)
    .sort((a, b) => b.likeness - a.likeness)
    .map(({ candidate }) => candidate);
}

/** What says the same: written alike, at the same place before others; or in other words. */
function twinOf(
  { member }: Alternative,
  index: number,
  offered: readonly Alternative[],
  same: SameSchemas,
  side: Side,
): Alternative | undefined {
  if (member === undefined) return undefined;
  const text = JSON.stringify(member.value);
  const isAlike = (other: Alternative | undefined) =>
    other?.member !== undefined && JSON.stringify(other.member.value) === text;
  if (isAlike(offered[index])) return offered[index];
  return (
    offered.find(isAlike) ??
    offered.find(other => {
      if (other.member === undefined) return false;
      const [old, now] = side === 'request' ? [member, other.member] : [other.member, member];
      return same.are(old.value, now.value);
    })
  );
}

/** Below 0 where one cannot stand for the other. */
function likenessOf(some: FlatSchema, other: FlatSchema): number {
  if (!shareTypes(some, other)) return -1;
  let shared = 0;
  for (const [name, schema] of some.properties) {
    const twin = other.properties.get(name);
    if (twin === undefined) continue;
    const constants = [constantOf(schema), constantOf(twin)];
    if (constants.every(text => text !== undefined) && constants[0] !== constants[1]) return -1;
    shared += constants[0] === undefined ? 1 : 10;
  }
  return shared / Math.max(1, some.properties.size, other.properties.size);
}

function shareTypes({ types: some }: FlatSchema, { types: others }: FlatSchema): boolean {
  if (some === undefined || others === undefined) return true;
  return (
    [...some].some(type => isAmong(type, others)) || [...others].some(type => isAmong(type, some))
  );
}

/** By which objects of several kinds are told apart. */
function constantOf({ value }: PlacedSchema): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { const: constant, enum: values } = value as { const?: unknown; enum?: unknown };
  if (constant !== undefined) return JSON.stringify(constant);
  return Array.isArray(values) && values.length === 1 ? JSON.stringify(values[0]) : undefined;
}
