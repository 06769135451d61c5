/**
 * The classes of a schema's places as a graph that a payload is walked with. Which branch of a
 * schema a payload has met is not known: a place has every class that any of them gives it, and the
 * most restrictive one counts.
 */
import { DATA_CLASSES } from '../../core/data-classes.ts';
import type { JsonValue } from '../payload-fault.ts';

/** One place; others by their index in the tree. */
export interface ClassNode {
  /** Position in DATA_CLASSES; undefined where nothing is said. */
  readonly rank?: number;
  readonly members?: Readonly<Record<string, number>>;
  /** Which names without a place in `members` are told apart: regular expressions, if any. */
  readonly patterns?: readonly string[];
  /**
   * Of the other members, by which patterns their names match: the first one is bit 0 of the index.
   * Undefined, or UNKNOWN at an index, where nothing describes them.
   */
  readonly rest?: readonly number[];
  /** By position; the last one is of all that follow. UNKNOWN where nothing describes them. */
  readonly items?: readonly number[];
}

/** The first one is the payload as a whole. */
export type ClassTree = readonly ClassNode[];

type Schema = { readonly [keyword: string]: JsonValue };

/** Of a schema of 256 KB that nests its combinations no worse than people do. */
const NODES_MAX = 10_000;
/** At one place: their combinations are told apart. */
const PATTERNS_MAX = 8;
/** In the place of an index. */
export const UNKNOWN = -1;
const KEYWORD = 'x-data-class';
const NOT_CLASSIFIED = -1;
/** Each of them applies to the same place. */
const LISTS = ['allOf', 'anyOf', 'oneOf'];
const SINGLE = ['if', 'then', 'else'];
const ELEMENTS = ['items', 'contains', 'unevaluatedItems'];
/** What they say of a place's text, name or absence is nothing that its value is masked by. */
const UNFOLLOWED = ['contentSchema', 'propertyNames', 'not'];
const REST = ['additionalProperties', 'unevaluatedProperties'];

/**
 * Undefined where the schema classifies nothing.
 * @throws Error where a class could be overlooked: one that does not exist, a reference that this
 *   does not follow, a schema within it with an `$id` of its own, one below `not`, `propertyNames`
 *   or `contentSchema`; or where it is beyond all measure
 */
export function compileClasses(schema: JsonValue): ClassTree | undefined {
  if (!isSchema(schema) || !JSON.stringify(schema).includes(`"${KEYWORD}"`)) return undefined;
  const tree = new TreeBuilder(schema).build();
  return tree.some(({ rank }) => rank !== undefined) ? tree : undefined;
}

/** Sets of schemas that apply to one place, each a node once: circles of references end so. */
class TreeBuilder {
  private readonly root: Schema;
  private readonly ids = new Map<Schema, number>();
  private readonly indexes = new Map<string, number>();
  private readonly sets: Schema[][] = [];

  constructor(root: Schema) {
    this.root = root;
  }

  build(): ClassTree {
    this.indexOf([this.root]);
    const nodes: ClassNode[] = [];
    for (let index = 0; index < this.sets.length; index++) {
      nodes.push(this.nodeOf(this.sets[index]!));
      if (nodes.length > NODES_MAX) throw new Error('has too many places to classify');
    }
    return nodes;
  }

  private nodeOf(schemas: readonly Schema[]): ClassNode {
    this.refuseClasses(schemas.flatMap(unfollowedOf));
    const ranks = schemas.map(rankOf).filter(rank => rank >= 0);
    const members: Record<string, number> = Object.create(null);
    for (const name of new Set(schemas.flatMap(namesOf))) {
      members[name] = this.indexOf(schemas.flatMap(schema => schemasOfMember(schema, name)));
    }
    return {
      ...(ranks.length === 0 ? {} : { rank: Math.max(...ranks) }),
      ...(Object.keys(members).length === 0 ? {} : { members }),
      ...this.restOf(schemas),
      ...this.itemsOf(schemas),
    };
  }

  private restOf(schemas: readonly Schema[]): Pick<ClassNode, 'patterns' | 'rest'> {
    const patterns = [...new Set(schemas.flatMap(patternsOf))];
    if (patterns.length > PATTERNS_MAX) {
      throw new Error(`has more than ${PATTERNS_MAX} patterns of names at one place to classify`);
    }
    const rest = Array.from({ length: 2 ** patterns.length }, (_, bits) => {
      const matched = new Set(patterns.filter((_pattern, bit) => (bits >> bit) & 1));
      return this.describedBy(schemas.flatMap(schema => schemasOfRest(schema, matched)));
    });
    if (rest.every(index => index === UNKNOWN)) return {};
    return patterns.length === 0 ? { rest } : { patterns, rest };
  }

  private itemsOf(schemas: readonly Schema[]): Pick<ClassNode, 'items'> {
    const positions = Math.max(...schemas.map(({ prefixItems }) => listOf(prefixItems).length));
    // Which elements it is about, only a check can say: it describes none by itself.
    const contained = schemas.map(({ contains }) => contains).filter(isSchema);
    // It has a node all the same, or a schema might seem to classify nothing.
    if (contained.length > 0) this.indexOf(contained);
    const items = Array.from({ length: positions + 1 }, (_, position) => {
      const described = schemas.flatMap(schema => schemasOfElement(schema, position));
      return this.describedBy(described, contained);
    });
    return items.every(index => index === UNKNOWN) ? {} : { items };
  }

  private describedBy(schemas: readonly Schema[], besides: readonly Schema[] = []): number {
    return schemas.length === 0 ? UNKNOWN : this.indexOf([...schemas, ...besides]);
  }

  /** With every schema that one of them leads to. */
  private refuseClasses(schemas: readonly Schema[]): void {
    const found = new Set<Schema>();
    const open = [...schemas];
    for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
      if (found.has(schema)) continue;
      found.add(schema);
      if (rankOf(schema) >= 0) {
        throw new Error(
          `has classes below ${UNFOLLOWED.join(', ')}, where they would mask nothing`,
        );
      }
      open.push(...this.besides(schema), ...partsOf(schema));
    }
  }

  private indexOf(schemas: readonly Schema[]): number {
    const closed = this.closure(schemas);
    const key = closed
      .map(schema => this.idOf(schema))
      .sort((a, b) => a - b)
      .join();
    let index = this.indexes.get(key);
    if (index === undefined) {
      index = this.sets.push(closed) - 1;
      this.indexes.set(key, index);
    }
    return index;
  }

  private idOf(schema: Schema): number {
    let id = this.ids.get(schema);
    if (id === undefined) {
      id = this.ids.size;
      this.ids.set(schema, id);
    }
    return id;
  }

  /** With all that apply to the same place. */
  private closure(schemas: readonly Schema[]): Schema[] {
    const found = new Set<Schema>();
    const open = [...schemas];
    for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
      if (found.has(schema)) continue;
      refuseOwnId(schema, this.root);
      found.add(schema);
      open.push(...this.besides(schema));
    }
    return [...found];
  }

  private besides(schema: Schema): Schema[] {
    const lists = LISTS.flatMap(keyword => listOf(schema[keyword]));
    const single = SINGLE.map(keyword => schema[keyword]);
    // ajv heeds the word of the drafts before 2019-09 as well.
    const dependent = [schema.dependentSchemas, schema.dependencies].flatMap(membersOf);
    const references = [schema.$ref, schema.$dynamicRef].map(text => this.follow(text));
    return [...lists, ...single, ...dependent, ...references].filter(isSchema);
  }

  private follow(reference: JsonValue | undefined): JsonValue | undefined {
    if (typeof reference !== 'string') return undefined;
    const found = reference.startsWith('#') ? this.resolve(reference) : undefined;
    if (found !== undefined) return found;
    throw new Error(`has classes, and the reference ${reference}, which they cannot follow`);
  }

  private resolve(reference: string): JsonValue | undefined {
    if (reference === '#') return this.root;
    if (!reference.startsWith('#/')) return findAnchor(this.root, reference.slice(1));
    let at: JsonValue | undefined = this.root;
    for (const part of reference.slice(2).split('/')) {
      const step = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
      const holder: JsonValue | undefined = at;
      if (typeof holder !== 'object' || holder === null) return undefined;
      refuseOwnId(holder, this.root);
      at = Object.hasOwn(holder, step) ? (holder as Schema)[step] : undefined;
    }
    return at;
  }
}

/** References within it would be about itself (core, section 8.2.1). */
function refuseOwnId(holder: object, root: Schema): void {
  if (holder === root || typeof (holder as Schema).$id !== 'string') return;
  throw new Error('has classes, and a schema within it with an $id, which they cannot follow');
}

function membersOf(value: JsonValue | undefined): JsonValue[] {
  return isSchema(value) ? Object.values(value) : [];
}

function unfollowedOf(schema: Schema): Schema[] {
  return UNFOLLOWED.map(keyword => schema[keyword]).filter(isSchema);
}

/** Schemas of what is within its place. */
function partsOf(schema: Schema): Schema[] {
  const members = [schema.properties, schema.patternProperties].flatMap(membersOf);
  const single = [...REST, ...ELEMENTS].map(keyword => schema[keyword]);
  const parts = [...members, ...listOf(schema.prefixItems), ...single].filter(isSchema);
  return [...parts, ...unfollowedOf(schema)];
}

function rankOf(schema: Schema): number {
  const given = schema[KEYWORD];
  if (given === undefined) return NOT_CLASSIFIED;
  const rank = (DATA_CLASSES as readonly JsonValue[]).indexOf(given);
  if (rank < 0) throw new Error(`${KEYWORD} must be one of ${DATA_CLASSES.join(', ')}`);
  return rank;
}

function namesOf({ properties }: Schema): string[] {
  return isSchema(properties) ? Object.keys(properties) : [];
}

function schemasOfMember(schema: Schema, name: string): Schema[] {
  const { properties, patternProperties } = schema;
  const own = isSchema(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
  const matching = Object.entries((patternProperties ?? {}) as Schema)
    .filter(([pattern]) => new RegExp(pattern, 'u').test(name))
    .map(([, member]) => member);
  const named = [...own, ...matching];
  const rest = named.length > 0 ? [] : [schema.additionalProperties];
  return [...named, ...rest, schema.unevaluatedProperties].filter(isSchema);
}

function patternsOf({ patternProperties }: Schema): string[] {
  return Object.keys(isSchema(patternProperties) ? patternProperties : {});
}

/** Of a member that has no name in any schema, and whose name matches these patterns. */
function schemasOfRest(schema: Schema, matched: ReadonlySet<string>): Schema[] {
  const { patternProperties = {}, additionalProperties, unevaluatedProperties } = schema;
  const own = Object.entries(patternProperties as Schema).filter(([name]) => matched.has(name));
  const rest = own.length > 0 ? own.map(([, member]) => member) : [additionalProperties];
  return [...rest, unevaluatedProperties].filter(isSchema);
}

function schemasOfElement(schema: Schema, position: number): Schema[] {
  const { prefixItems, items, unevaluatedItems } = schema;
  return [listOf(prefixItems)[position] ?? items, unevaluatedItems].filter(isSchema);
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function isSchema(value: JsonValue | undefined): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON Schema 2020-12 core, section 8.2.2. */
function findAnchor(value: JsonValue, name: string): JsonValue | undefined {
  if (Array.isArray(value)) {
    for (const element of value) {
      const found = findAnchor(element, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isSchema(value)) return undefined;
  if (value.$anchor === name || value.$dynamicAnchor === name) return value;
  return findAnchor(Object.values(value), name);
}
