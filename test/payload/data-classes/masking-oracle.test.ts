/** Masking against the words of the documentation, read straight off the schema at every place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATA_CLASSES, type DataClass } from '../../../src/core/data-classes.ts';
import { compileClasses } from '../../../src/payload/data-classes/class-tree.ts';
import { PayloadKeys } from '../../../src/payload/encryption/payload-keys.ts';
import { FORMAT_LIMITS, FORMATS } from '../../../src/payload/formats/index.ts';
import type { JsonValue } from '../../../src/payload/payload-fault.ts';
import { compilePayloadProgram } from '../../../src/payload/payload-program.ts';
import { answerTask, type PartnerFormat } from '../../../src/payload/payload-task.ts';

type Schema = { readonly [keyword: string]: JsonValue };
type Members = Readonly<Record<string, JsonValue>>;

const KEYS = new PayloadKeys({ own: [], partners: [] });
const RUNS = 600;
const DEFINITIONS = 3;
const REFERENCES = ['#', ...Array.from({ length: DEFINITIONS }, (_, i) => `#/$defs/${i}`)];
const DICTIONARIES = ['properties', 'dependentSchemas'];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const NAMES = [
  'a',
  'b',
  'x-1',
  '622202',
  '0',
  '',
  'c/d',
  'e~f',
  'constructor',
  'toString',
  '金额 😀',
];
const PATTERNS = ['^x-', '^[0-9]+$', '^\\p{Script=Han}', 'a|b', '^$'];

const dataClass = fc.constantFrom(...DATA_CLASSES);
const BOOLEANS_ALLOWED = ['additionalProperties', 'unevaluatedProperties', 'items'];
const KEYWORDS = [
  ...['x-data-class', 'x-data-class', '$ref', 'properties', 'properties', 'patternProperties'],
  ...['additionalProperties', 'unevaluatedProperties', 'items', 'prefixItems', 'contains'],
  ...['unevaluatedItems', 'allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'dependentSchemas'],
];
const DEPTH_MAX = 4;

/** Few words at a place and few places in a schema, so that payloads meet most of them. */
function schemaOf(draw: fc.GeneratorValue, depth = 0): Schema {
  const wanted = draw(fc.array<string>, fc.constantFrom(...KEYWORDS), { maxLength: 5 - depth });
  const written: Record<string, JsonValue> = {};
  const inner = () => schemaOf(draw, depth + 1);
  const dictionary = (names: readonly string[]) =>
    Object.fromEntries(
      draw(fc.subarray<string>, [...names], { maxLength: 3 }).map(n => [n, inner()]),
    );
  for (const keyword of new Set(wanted)) {
    if (keyword === 'x-data-class') written[keyword] = draw(() => dataClass);
    else if (keyword === '$ref') written[keyword] = draw(fc.constantFrom<string[]>, ...REFERENCES);
    else if (depth === DEPTH_MAX) continue;
    else if (keyword === 'patternProperties') written[keyword] = dictionary(PATTERNS);
    else if (DICTIONARIES.includes(keyword)) written[keyword] = dictionary(NAMES);
    else if (LISTS.includes(keyword))
      written[keyword] = draw(fc.boolean) ? [inner()] : [inner(), inner()];
    else if (BOOLEANS_ALLOWED.includes(keyword) && draw(fc.boolean))
      written[keyword] = draw(fc.boolean);
    else written[keyword] = inner();
  }
  return written;
}

const schemas = fc.gen().map((draw): Schema => {
  const definitions = Array.from({ length: DEFINITIONS }, () => schemaOf(draw, 1));
  return { ...schemaOf(draw), $defs: { ...definitions } };
});

const { payload: payloads } = fc.letrec<{ payload: JsonValue }>(tie => ({
  payload: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom<JsonValue>('Wang', '', 622_202, 0, -1.5, true, false, null),
    fc.array(tie('payload'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...NAMES, '__proto__', 'Li Na'), tie('payload'), { maxKeys: 4 }),
  ),
}));

const isSchema = (value: JsonValue | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: JsonValue | undefined) =>
  Array.isArray(value) ? (value as JsonValue[]) : [];
const own = (schema: JsonValue | undefined, name: string) =>
  isSchema(schema) && Object.hasOwn(schema, name) ? schema[name] : undefined;

/** What the documentation says of one place: who sees it, and what is below it. */
class Place {
  readonly rank: number;
  private readonly root: Schema;
  private readonly schemas: ReadonlySet<Schema>;

  constructor(root: Schema, given: readonly Schema[], isDescribed: boolean, above: number) {
    this.root = root;
    this.schemas = this.withAll(given);
    const ranks = [...this.schemas].map(each =>
      DATA_CLASSES.indexOf(each['x-data-class'] as never),
    );
    this.rank = Math.max(above, ...ranks, isDescribed ? -1 : DATA_CLASSES.indexOf('sensitive'));
  }

  /** Whatever may apply to the same place, in any branch. */
  private withAll(given: readonly Schema[]): ReadonlySet<Schema> {
    const all = new Set<Schema>();
    const add = (value: JsonValue | undefined) => {
      if (!isSchema(value) || all.has(value)) return;
      all.add(value);
      for (const keyword of ['allOf', 'anyOf', 'oneOf']) listOf(value[keyword]).forEach(add);
      for (const keyword of ['if', 'then', 'else']) add(value[keyword]);
      Object.values((value.dependentSchemas ?? {}) as Schema).forEach(add);
      if (value.$ref === '#') add(this.root);
      else if (value.$ref !== undefined) add(own(this.root.$defs, String(value.$ref).slice(8)));
    };
    given.forEach(add);
    return all;
  }

  knowsName(name: string): boolean {
    return [...this.schemas].some(({ properties }) => own(properties, name) !== undefined);
  }

  member(name: string): Place {
    const found: JsonValue[] = [];
    for (const schema of this.schemas) {
      const named = [own(schema.properties, name)];
      for (const [pattern, inner] of Object.entries((schema.patternProperties ?? {}) as Schema)) {
        if (new RegExp(pattern, 'u').test(name)) named.push(inner);
      }
      const described = named.filter(inner => inner !== undefined);
      if (described.length === 0) described.push(schema.additionalProperties ?? false);
      found.push(...described, schema.unevaluatedProperties ?? false);
    }
    return this.below(found);
  }

  element(index: number): Place {
    const found: JsonValue[] = [];
    const partly: JsonValue[] = [];
    for (const { prefixItems, items, unevaluatedItems, contains } of this.schemas) {
      found.push(listOf(prefixItems)[index] ?? items ?? false, unevaluatedItems ?? false);
      partly.push(contains ?? false);
    }
    return this.below(found, partly);
  }

  /** Where a word that is true lets anything be, it describes nothing. */
  private below(found: readonly JsonValue[], partly: readonly JsonValue[] = []): Place {
    const given = found.filter(isSchema);
    return new Place(
      this.root,
      [...given, ...partly.filter(isSchema)],
      given.length > 0,
      this.rank,
    );
  }
}

/** Pointers of what is in `masked` and its reader may not see. */
function leaks(payload: JsonValue, masked: JsonValue, place: Place, shown: DataClass): string[] {
  const found: string[] = [];
  const limit = DATA_CLASSES.indexOf(shown);
  const isSeen = ({ rank }: Place) => (rank < 0 ? DATA_CLASSES.indexOf('internal') : rank) <= limit;
  const look = (path: string, was: JsonValue, is: JsonValue, at: Place) => {
    if (typeof was !== 'object' || was === null) {
      const hidden = typeof was === 'string' ? '***' : null;
      if (is !== hidden && (is !== was || !isSeen(at))) found.push(path);
      return;
    }
    const names = Object.keys(is as Members);
    if (at.rank > limit && names.length > 0) found.push(path);
    for (const name of names) {
      const inner = Array.isArray(was) ? at.element(Number(name)) : at.member(name);
      const isOpen = Array.isArray(was) || at.knowsName(name) || isSeen(inner);
      if (!Object.hasOwn(was, name) || !isOpen) found.push(`${path}/${name}`);
      else look(`${path}/${name}`, (was as Members)[name]!, (is as Members)[name]!, inner);
    }
  };
  look('', payload, masked, place);
  return found;
}

function answerOf(schema: Schema, payload: JsonValue, shown: DataClass, format: PartnerFormat) {
  const classes = compileClasses(schema);
  if (classes === undefined) return undefined;
  const source = JSON.parse(JSON.stringify({ kind: 'payload', answer: { classes } }));
  const task = answerTask({
    ...{ format, codings: [], bytesMax: FORMAT_LIMITS.bytesMax },
    ...{ shown, acceptEncoding: '', partner: '' },
  });
  const program = compilePayloadProgram(source, KEYS);
  const converted = program.run(task, Buffer.from(JSON.stringify(payload)));
  if (converted instanceof Promise) throw new Error('nothing is encrypted');
  return FORMATS[format]!.read(converted.bytes, FORMAT_LIMITS);
}

describe('answers of any schema and any payload', () => {
  it.each(['json', 'msgpack'] as const)('let nothing out that is hidden, as %s', format => {
    // MessagePack refuses the name, whoever reads it.
    const carried = payloads.filter(
      payload => format === 'json' || !JSON.stringify(payload).includes('__proto__'),
    );
    fc.assert(
      fc.property(schemas, carried, dataClass, (schema, given, shown) => {
        // Members of another object's prototype would be none.
        const payload = JSON.parse(JSON.stringify(given)) as JsonValue;
        const masked = answerOf(schema, payload, shown, format);
        fc.pre(masked !== undefined);
        const place = new Place(schema, [schema], true, -1);
        expect(leaks(payload, masked, place, shown)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('let everything out for who may see everything', () => {
    fc.assert(
      fc.property(schemas, payloads, (schema, given) => {
        const payload = JSON.parse(JSON.stringify(given)) as JsonValue;
        const masked = answerOf(schema, payload, 'sensitive', 'json');
        fc.pre(masked !== undefined);
        expect(JSON.stringify(masked)).toBe(JSON.stringify(payload));
      }),
      { numRuns: RUNS },
    );
  });
});
