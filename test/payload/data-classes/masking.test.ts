import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DATA_CLASSES, type DataClass } from '../../../src/core/data-classes.ts';
import { compileClasses } from '../../../src/payload/data-classes/class-tree.ts';
import { maskPayload, maskPointer, memberNames } from '../../../src/payload/data-classes/mask.ts';
import type { JsonValue } from '../../../src/payload/payload-fault.ts';

const masked = (schema: JsonValue, payload: JsonValue, shown: DataClass) =>
  maskPayload(structuredClone(payload), compileClasses(schema)!, shown);
const of = (dataClass: DataClass, more: object = {}) => ({ 'x-data-class': dataClass, ...more });

const ACCOUNT = {
  type: 'object',
  properties: {
    id: of('public'),
    name: of('personal'),
    balance: of('sensitive'),
    note: {},
    cards: { type: 'array', items: of('sensitive') },
    address: of('personal', { properties: { city: of('public') } }),
  },
} as JsonValue;
const account = {
  id: 'a-1',
  name: 'Wang',
  balance: 12,
  note: 'x',
  cards: ['6222'],
  address: { city: 'Xi’an' },
};

describe('masking', () => {
  it('leaves what may be seen and hides the rest by its kind', () => {
    expect(masked(ACCOUNT, account, 'sensitive')).toEqual(account);
    expect(masked(ACCOUNT, account, 'personal')).toEqual({
      ...account,
      balance: null,
      cards: ['***'],
    });
    expect(masked(ACCOUNT, account, 'internal')).toEqual({
      ...{ id: 'a-1', name: '***', balance: null, note: 'x', cards: ['***'], address: {} },
    });
    expect(masked(ACCOUNT, account, 'public')).toMatchObject({ id: 'a-1', note: '***' });
  });

  it('takes what no schema describes for sensitive, what none classifies for internal', () => {
    const more = { ...account, extra: 'y', deep: { er: 1 } };
    expect(masked(ACCOUNT, more, 'sensitive')).toEqual(more);
    expect(masked(ACCOUNT, more, 'personal')).toEqual(masked(ACCOUNT, account, 'personal'));
    expect(masked(ACCOUNT, 'text' as JsonValue, 'public')).toBe('***');
  });

  it('takes members away with their names where these are data that may not be seen', () => {
    const schema = {
      properties: {
        byNumber: { patternProperties: { '^[0-9]+$': of('personal') } },
        byName: { additionalProperties: { properties: { open: of('public') } } },
        closed: of('sensitive', { additionalProperties: {} }),
      },
    } as JsonValue;
    const payload = {
      byNumber: { '622202100001': 7, '622202100002': 8, Wang: 9 },
      byName: { Li: { open: 1, extra: 2 } },
      closed: { Zhao: 1 },
    };
    expect(masked(schema, payload, 'sensitive')).toEqual(payload);
    expect(masked(schema, payload, 'personal')).toEqual({
      byNumber: { '622202100001': 7, '622202100002': 8 },
      byName: { Li: { open: 1 } },
      closed: {},
    });
    expect(masked(schema, payload, 'internal')).toEqual({
      byNumber: {},
      byName: { Li: { open: 1 } },
      closed: {},
    });
    expect(masked(schema, payload, 'public')).toEqual({ byNumber: {}, byName: {}, closed: {} });
  });

  it('takes away a name that no schema knows, whatever else is at its place', () => {
    const schema = { items: of('public'), properties: { a: of('public') } } as JsonValue;
    expect(masked(schema, { a: 1, '622202100001': 2 }, 'personal')).toEqual({ a: 1 });
    expect(masked(schema, [1, { '622202100001': 2 }], 'personal')).toEqual([1, {}]);
    const proto = JSON.parse('{"a":1,"__proto__":{"b":2}}');
    expect(JSON.stringify(masked(schema, proto, 'personal'))).toBe('{"a":1}');
  });

  it('takes names that no pattern matches for what no schema describes', () => {
    const schema = { patternProperties: { '^x-': of('public') } } as JsonValue;
    const payload = { 'x-open': 1, Wang: 2 };
    expect(masked(schema, payload, 'sensitive')).toEqual(payload);
    expect(masked(schema, payload, 'personal')).toEqual({ 'x-open': 1 });
    const more = { ...(schema as object), additionalProperties: of('internal') } as JsonValue;
    expect(masked(more, payload, 'internal')).toEqual(payload);
    expect(masked({ allOf: [schema, { required: ['Wang'] }] }, payload, 'personal')).toEqual({
      'x-open': 1,
    });
  });

  it('takes elements behind the last one that a schema describes for sensitive', () => {
    const pair = { prefixItems: [of('public'), of('internal')] } as JsonValue;
    expect(masked(pair, ['a', 'b', 'c', { d: 1 }], 'internal')).toEqual(['a', 'b', '***', {}]);
    const either = { anyOf: [pair, { prefixItems: [{}, {}, {}] }] } as JsonValue;
    expect(masked(either, ['a', 'b', 'c', 'd'], 'internal')).toEqual(['a', 'b', 'c', '***']);
    const rest = { ...(pair as object), items: of('personal') } as JsonValue;
    expect(masked(rest, ['a', 'b', 'c'], 'personal')).toEqual(['a', 'b', 'c']);
    // Which elements it is about, only a check can say.
    expect(masked({ contains: of('public') }, ['a', 'b'], 'personal')).toEqual(['***', '***']);
  });

  it('knows no tree where nothing is classified', () => {
    expect(compileClasses({ type: 'object', properties: { a: {} } })).toBeUndefined();
    expect(compileClasses(true)).toBeUndefined();
  });

  it.each([
    ['a class that does not exist', { properties: { a: { 'x-data-class': 'secret' } } }],
    ['a class in another case', { 'x-data-class': 'Sensitive' }],
    ['a class of a text’s content', { contentSchema: { properties: { a: of('sensitive') } } }],
    ['a class of names', { propertyNames: of('sensitive') }],
    [
      'a class below not, by reference',
      { not: { not: { $ref: '#/$defs/m' } }, $defs: { m: of('sensitive') } },
    ],
    [
      'a reference into a schema with an $id',
      {
        ...{ properties: { a: of('internal'), b: { $ref: '#/$defs/m/$defs/n' } } },
        $defs: { m: { $id: 'https://m.example/', $defs: { n: {} } } },
      },
    ],
    ['a reference by $id', { $ref: 'money', $defs: { m: { $id: 'money', ...of('sensitive') } } }],
    ['a schema with an $id', { $ref: '#/$defs/m', $defs: { m: { $id: 'm', ...of('public') } } }],
    ['a reference that leads nowhere', { ...of('public'), $ref: '#/$defs/none' }],
  ])('is refused with %s, by which a class could be overlooked', (_, schema) => {
    expect(() => compileClasses(schema as JsonValue)).toThrow(Error);
  });

  it('follows the dependencies of earlier drafts', () => {
    const schema = {
      properties: { kind: of('public'), card: {} },
      dependencies: { kind: { properties: { card: of('sensitive') } }, card: ['kind'] },
    } as JsonValue;
    expect(masked(schema, { kind: 'k', card: '6222' }, 'personal')).toEqual({
      ...{ kind: 'k', card: '***' },
    });
  });

  it('has members called like parts of a prototype as data', () => {
    const schema = JSON.parse(
      '{"properties":{"__proto__":{"x-data-class":"sensitive"},' +
        '"constructor":{"x-data-class":"public"}}}',
    );
    const payload = JSON.parse('{"__proto__":"secret","constructor":"open"}');
    const result = JSON.stringify(masked(schema, payload, 'internal'));
    expect(result).toBe('{"__proto__":"***","constructor":"open"}');
  });

  it('writes pointers with the names of the schema alone', () => {
    const names = memberNames(compileClasses(ACCOUNT)!);
    const payload = { address: { city: ['x', 'y'] }, cards: { '12': [1], '622202': [] } };
    const pointerOf = (pointer: string) => maskPointer(pointer, names, payload);
    expect(pointerOf('/address/city/1')).toBe('/address/city/1');
    expect(pointerOf('/622202100001/x~1y/name')).toBe('/*/*/name');
    expect(pointerOf('')).toBe('');
    for (const pin of ['12', '622202', '0', '7']) {
      expect(pointerOf(`/cards/${pin}`)).toBe('/cards/*');
    }
    expect(pointerOf('/cards/12/0')).toBe('/cards/*/0');
    expect(pointerOf('/address/city/secret')).toBe('/address/city/*');
    expect(maskPointer('/cards/0/1', names, undefined)).toBe('/cards/*/*');
    expect(maskPointer('/a~1b', new Set(['a/b']), {})).toBe('/a~1b');
  });
});

/** A payload's places as its author means them; schemas are made of it in many ways. */
type Place =
  | { readonly kind: 'leaf'; readonly dataClass: DataClass | undefined }
  | { readonly kind: 'list'; readonly dataClass: DataClass | undefined; readonly element: Place }
  | {
      readonly kind: 'object';
      readonly dataClass: DataClass | undefined;
      readonly members: readonly (readonly [string, Place])[];
    };

const dataClass = fc.option(fc.constantFrom(...DATA_CLASSES), { nil: undefined });
const NAMES = ['a', 'b', 'c/d', 'e~f', '__proto__', 'constructor', '金额'];
const { place } = fc.letrec<{ place: Place }>(tie => ({
  place: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ kind: fc.constant('leaf' as const), dataClass }),
    fc.record({ kind: fc.constant('list' as const), dataClass, element: tie('place') }),
    fc.record({
      kind: fc.constant('object' as const),
      dataClass,
      members: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie('place')), {
        selector: ([name]) => name,
        maxLength: 4,
      }),
    }),
  ),
}));

type Schema = Record<string, JsonValue>;
const WRAPPINGS = ['plain', 'ref', 'allOf', 'anyOf', 'oneOf', 'then', 'class apart'] as const;
const PLACES = ['properties', 'patternProperties', 'additionalProperties'] as const;

/** Writes the same places by the words that `choose` picks. */
class SchemaWriter {
  readonly definitions: Schema = {};
  /** Members whose names are none of the schema's. */
  readonly unnamed = new Set<Place>();
  private readonly choose: <T>(list: readonly T[]) => T;

  constructor(choose: <T>(list: readonly T[]) => T) {
    this.choose = choose;
  }

  schemaOf(place: Place): Schema {
    const classified = place.dataClass === undefined ? {} : { 'x-data-class': place.dataClass };
    return this.wrap({ ...this.bare(place), ...classified });
  }

  private bare(place: Place): Schema {
    if (place.kind === 'leaf') return {};
    if (place.kind === 'list') {
      const element = this.schemaOf(place.element);
      return this.choose([true, false])
        ? { items: element }
        : { prefixItems: [element], items: element };
    }
    const whole: { [keyword: string]: JsonValue } = {};
    const parts: Schema[] = [];
    const put = (keyword: string, name: string, schema: Schema) => {
      whole[keyword] ??= Object.create(null);
      (whole[keyword] as Schema)[name] = schema;
    };
    for (const [name, member] of place.members) {
      const schema = this.schemaOf(member);
      const where = place.members.length === 1 ? this.choose(PLACES) : 'properties';
      if (where !== 'properties') this.unnamed.add(member);
      if (where === 'properties') put('properties', name, schema);
      else if (where === 'patternProperties') put('patternProperties', '^.', schema);
      else parts.push({ additionalProperties: schema });
    }
    return parts.length === 0 ? whole : { ...whole, ...parts[0]! };
  }

  private wrap(schema: Schema): Schema {
    switch (this.choose(WRAPPINGS)) {
      case 'plain':
        return schema;
      case 'ref': {
        const name = `s${Object.keys(this.definitions).length}`;
        this.definitions[name] = schema;
        return { $ref: `#/$defs/${name}` };
      }
      case 'allOf':
        return { allOf: [{ type: ['string', 'number', 'object', 'array', 'null'] }, schema] };
      case 'anyOf':
        return { anyOf: [schema, { type: 'boolean' }] };
      case 'oneOf':
        return { oneOf: [{ const: 1 }, schema] };
      case 'then':
        // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
        return { if: { type: 'boolean' }, then: {}, else: schema };
      case 'class apart': {
        const { 'x-data-class': own, ...rest } = schema;
        return own === undefined ? schema : { allOf: [rest, { 'x-data-class': own }] };
      }
    }
  }
}

interface Marker {
  readonly text: string;
  readonly isSeen: (shown: DataClass) => boolean;
}

/** A payload whose every value and name of no schema is told from all others, and who sees it. */
class PayloadWriter {
  readonly markers: Marker[] = [];
  private readonly unnamed: ReadonlySet<Place>;

  constructor(unnamed: ReadonlySet<Place>) {
    this.unnamed = unnamed;
  }

  payloadOf(place: Place, above: readonly DataClass[] = []): JsonValue {
    const classes = classesOf(place, above);
    if (place.kind === 'leaf') {
      const number = this.mark(classes);
      return number % 2 === 0 ? number : `S${number}`;
    }
    if (place.kind === 'list') return [0, 1].map(() => this.payloadOf(place.element, classes));
    const object: { [name: string]: JsonValue } = Object.create(null);
    for (const [name, member] of place.members) {
      if (!this.unnamed.has(member)) object[name] = this.payloadOf(member, classes);
      else {
        const needed = classesOf(member, classes);
        // What nobody has classified is internal, and so are names of such members.
        const inner = needed.length === 0 ? ['internal' as const] : classes;
        object[String(this.mark(needed))] = this.payloadOf(member, inner);
      }
    }
    return JSON.parse(JSON.stringify(object));
  }

  private mark(classes: readonly DataClass[]): number {
    const number = 7_000_001 + this.markers.length;
    const needed = classes.length === 0 ? ['internal' as const] : classes;
    const isSeen = (shown: DataClass) =>
      needed.every(each => DATA_CLASSES.indexOf(each) <= DATA_CLASSES.indexOf(shown));
    this.markers.push({ text: String(number), isSeen });
    return number;
  }
}

function classesOf({ dataClass }: Place, above: readonly DataClass[]): readonly DataClass[] {
  return dataClass === undefined ? above : [...above, dataClass];
}

describe('whatever a schema looks like', () => {
  it('nothing leaves that its reader may not see, and all that he may', () => {
    fc.assert(
      fc.property(
        place,
        fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
        fc.constantFrom(...DATA_CLASSES),
        (root, choices, shown) => {
          let turn = 0;
          const writer = new SchemaWriter(list => list[choices[turn++ % 40]! % list.length]!);
          const top = writer.schemaOf(root);
          const schema = { ...top, $defs: writer.definitions };
          const payloads = new PayloadWriter(writer.unnamed);
          const payload = payloads.payloadOf(root);
          const tree = compileClasses(JSON.parse(JSON.stringify(schema)));
          fc.pre(tree !== undefined);
          // As workers have it.
          const text = JSON.stringify(
            maskPayload(payload, JSON.parse(JSON.stringify(tree)), shown),
          );
          for (const { text: marker, isSeen } of payloads.markers) {
            expect([marker, text.includes(marker)]).toEqual([marker, isSeen(shown)]);
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('ends where schemas go in circles', () => {
    const tree = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          properties: {
            value: of('sensitive'),
            next: { $ref: '#/$defs/node' },
            all: { items: { $ref: '#' } },
          },
          anyOf: [{ $ref: '#/$defs/node' }, { $ref: '#' }],
        },
      },
    } as JsonValue;
    const payload = {
      value: 'v',
      next: { value: 'v', next: { value: 'v', all: [{ value: 'v' }] } },
    };
    expect(JSON.stringify(masked(tree, payload, 'personal'))).not.toContain('v"');
  });
});
