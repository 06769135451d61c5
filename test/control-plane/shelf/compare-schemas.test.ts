import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { BREAKS, change, codesOf, compare, FINE, transfers } from './compare-fixture.ts';

describe('changes of schemas', () => {
  it('sees types that narrow and widen, from both sides', () => {
    expect(change({ type: ['string', 'null'] }, { type: 'string' })).toEqual({
      request: BREAKS('type-narrowed'),
      response: FINE('type-narrowed'),
    });
    expect(change({ type: 'integer' }, { type: 'number' })).toEqual({
      request: FINE('type-widened'),
      response: BREAKS('type-widened'),
    });
    expect(change({}, { type: 'string' }).request).toEqual(BREAKS('type-narrowed'));
    expect(change({ type: 'string' }, { type: 'string', nullable: true }).response).toEqual(
      BREAKS('type-widened'),
    );
  });

  it('sees values of enumerations', () => {
    expect(change({ enum: ['a', 'b'] }, { enum: ['a', 'c'] })).toEqual({
      request: { breaking: ['enum-value-removed'], compatible: ['enum-value-added'] },
      response: FINE('enum-value-removed', 'enum-value-added'),
    });
    expect(change({}, { enum: ['a'] })).toEqual({
      request: BREAKS('enum-introduced'),
      response: FINE(),
    });
  });

  it('sees properties that go, come, and must be there', () => {
    const properties = { a: { type: 'string' }, b: { type: 'string' } };
    const whole = { type: 'object', properties, required: ['a'] };
    const without = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
    expect(change(whole, without)).toEqual({
      request: FINE('property-removed'),
      response: BREAKS('property-removed'),
    });
    expect(change(whole, { ...without, additionalProperties: false }).request).toEqual(
      BREAKS('property-removed', 'object-closed'),
    );
    expect(change(whole, { ...whole, required: ['b'] })).toEqual({
      request: { breaking: ['property-required'], compatible: ['property-optional'] },
      response: BREAKS('property-optional'),
    });
    expect(change(without, whole).response).toEqual(FINE('property-added'));
  });

  it('sees limits of requests that tighten, and formats that change', () => {
    const { request } = change({ maxLength: 10, minimum: 1 }, { maxLength: 5, minimum: 2 });
    expect(request).toEqual(BREAKS('limit-tightened', 'limit-tightened'));
    expect(change({ maxLength: 10 }, { maxLength: 20 }).request).toEqual(FINE());
    expect(change({}, { pattern: '^a' }).request).toEqual(BREAKS('limit-tightened'));
    expect(change({ format: 'date' }, { format: 'date-time' }).response).toEqual(
      BREAKS('format-changed'),
    );
  });

  it('lays allOf together and follows items and alternatives', () => {
    const parts = { allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] };
    expect(change(parts, { properties: { a: {}, b: {} } })).toEqual({
      request: FINE(),
      response: FINE(),
    });
    expect(change({ items: { type: 'string' } }, { items: { type: 'number' } }).request).toEqual(
      BREAKS('type-narrowed'),
    );
    const either = (...oneOf: JsonObject[]) => ({ oneOf });
    const text = { type: 'string' };
    expect(change(either(text, { type: 'number' }), either(text)).request).toEqual(
      BREAKS('alternative-removed'),
    );
    expect(change(either(text), either({ type: 'number' })).response).toEqual(
      BREAKS('type-widened'),
    );
  });

  it('compares items and values of maps with anything where there are none', () => {
    const list = (items?: JsonObject) => ({ type: 'array', ...(items && { items }) });
    const map = (values?: JsonObject | boolean) => ({
      type: 'object',
      ...(values !== undefined && { additionalProperties: values }),
    });
    const text = { type: 'string' };
    const number = { type: 'number' };
    for (const of of [list, map]) {
      expect(change(of(), of(text))).toEqual({
        request: BREAKS('type-narrowed'),
        response: FINE('type-narrowed'),
      });
      expect(change(of(text), of())).toEqual({ request: FINE(), response: BREAKS('type-widened') });
      expect(change(of(text), of(number))).toEqual({
        request: BREAKS('type-narrowed'),
        response: BREAKS('type-widened'),
      });
      expect(change(of({}), of())).toEqual({ request: FINE(), response: FINE() });
    }
    expect(change(map(true), map(false))).toEqual({
      request: BREAKS('object-closed'),
      response: FINE(),
    });
    expect(change(map(false), map())).toEqual({ request: FINE('object-opened'), response: FINE() });
    expect(change(map(text), map(false)).response).toEqual(BREAKS('map-removed'));
    const tuple = (...prefixItems: JsonObject[]) => ({ type: 'array', prefixItems });
    expect(change(tuple(text), tuple(number)).request).toEqual(BREAKS('type-narrowed'));
    expect(change({ ...tuple(text), items: number }, tuple(text, number)).request).toEqual(FINE());
  });

  it('takes a property that goes into the map for one of its values', () => {
    const properties = { a: { type: 'number' } };
    const values = (type: string) => ({ type: 'object', additionalProperties: { type } });
    const before = { ...values('string'), properties };
    expect(change(before, values('string')).request).toEqual({
      breaking: ['type-narrowed'],
      compatible: ['property-removed'],
    });
    expect(change(values('string'), before).response).toEqual({
      breaking: ['type-widened'],
      compatible: ['property-added'],
    });
  });

  it('sees limits that come, whichever of several parts says the strictest', () => {
    const request = (before: JsonObject, after: JsonObject) => change(before, after).request;
    const minimum = (...values: number[]) => ({
      type: 'integer',
      allOf: values.map(value => ({ minimum: value })),
    });
    expect(request(minimum(1, 0), minimum(5, 0))).toEqual(BREAKS('limit-tightened'));
    expect(request(minimum(5, 0), minimum(0, 5))).toEqual(FINE());
    const flag = { type: 'number', minimum: 1, exclusiveMinimum: true };
    expect(request(flag, { type: 'number', exclusiveMinimum: 1 })).toEqual(FINE());
    expect(request({ type: 'number', minimum: 1 }, flag)).toEqual(BREAKS('limit-tightened'));
    const above = { type: 'integer', exclusiveMinimum: 0 };
    expect(request(above, { type: 'integer', minimum: 1 })).toEqual(FINE());
    const steps = (multipleOf: number) => ({ type: 'number', multipleOf });
    expect(request(steps(10), steps(5))).toEqual(FINE());
    expect(request(steps(0.3), steps(0.1))).toEqual(FINE());
    expect(request(steps(5), steps(10))).toEqual(BREAKS('limit-tightened'));
  });

  it('sees formats that come and go, except those that take nothing away', () => {
    const text = { type: 'string' };
    const date = { ...text, format: 'date' };
    expect(change(text, date)).toEqual({ request: BREAKS('format-changed'), response: FINE() });
    expect(change(date, text)).toEqual({ request: FINE(), response: BREAKS('format-changed') });
    const integer = (format?: string) => ({ type: 'integer', ...(format && { format }) });
    expect(change(integer(), integer('int64')).request).toEqual(FINE());
    expect(change(integer('int32'), integer('int64'))).toEqual({
      request: FINE(),
      response: BREAKS('format-changed'),
    });
  });

  it('matches alternatives by what they are, not by where they stand', () => {
    const either = (...oneOf: JsonObject[]) => ({ oneOf });
    const text = { type: 'string' };
    const number = { type: 'integer' };
    const flag = { type: 'boolean' };
    const both = (before: JsonObject, after: JsonObject) => change(before, after);
    expect(both(either(text, number), either(number, text))).toEqual({
      request: FINE(),
      response: FINE(),
    });
    expect(both(either(text), either(text, number))).toEqual({
      request: FINE('alternative-added'),
      response: BREAKS('alternative-added'),
    });
    expect(both(either(text, number), either(text, flag, { type: 'array' })).request).toEqual({
      breaking: ['alternative-removed'],
      compatible: ['alternative-added'],
    });
    const object = (name: string, more: JsonObject = {}) => ({
      type: 'object',
      properties: { [name]: text, ...more },
      required: [name],
    });
    expect(both(either(object('a')), object('b')).response.breaking).toEqual(['property-removed']);
    const kinds = (...names: string[]) =>
      either(...names.map(name => object('kind', { kind: { const: name }, [name]: text })));
    expect(both(kinds('card', 'cash'), kinds('cash', 'cheque', 'card')).request).toEqual(
      FINE('alternative-added'),
    );
    expect(both(kinds('card', 'cash'), kinds('cheque', 'card')).request).toEqual({
      breaking: ['alternative-removed'],
      compatible: ['alternative-added'],
    });
  });

  it('takes alternatives and a list of types for the same', () => {
    const types = { type: ['string', 'null'] };
    const either = { oneOf: [{ type: 'string' }, { type: 'null' }] };
    expect(change(types, either)).toEqual({ request: FINE(), response: FINE() });
    expect(change(either, types)).toEqual({ request: FINE(), response: FINE() });
    expect(change(either, { type: 'string' })).toEqual({
      request: BREAKS('alternative-removed'),
      response: FINE('alternative-removed'),
    });
  });

  it('leaves properties out that the side in question does not have', () => {
    const object = (more: JsonObject, required: string[] = []) => ({
      type: 'object',
      properties: { a: { type: 'string' }, ...more },
      required,
    });
    const id = { id: { type: 'string', readOnly: true } };
    expect(change(object({}), object(id, ['id']))).toEqual({
      request: FINE(),
      response: FINE('property-added'),
    });
    const secret = { secret: { type: 'string', writeOnly: true } };
    expect(change(object(secret), object({}))).toEqual({
      request: FINE('property-removed'),
      response: FINE(),
    });
    const writable = { id: { type: 'string' } };
    expect(change(object(id), object(writable, ['id'])).request).toEqual(
      BREAKS('property-required'),
    );
  });

  it('reads what stands beside a reference, in 3.1', () => {
    const components = { components: { schemas: { S: { type: 'string' } } } };
    const S = { $ref: '#/components/schemas/S' };
    for (const [openapi, expected] of [
      ['3.1.0', BREAKS('limit-tightened')],
      ['3.0.3', FINE()],
    ] as const) {
      const of = (schema: JsonObject) => {
        return { ...transfers(schema, undefined), ...components, openapi };
      };
      expect(codesOf(compare(of(S), of({ ...S, minLength: 5 })))).toEqual(expected);
    }
  });

  it('knows what a keyword takes away, and says where it does not understand', () => {
    const text = { type: 'string' };
    const not = (...values: string[]) => ({ ...text, not: { enum: values } });
    expect(change(text, not('a'))).toEqual({
      request: BREAKS('keyword-changed'),
      response: FINE('keyword-changed'),
    });
    expect(change(not('a'), text)).toEqual({
      request: FINE('keyword-changed'),
      response: BREAKS('keyword-changed'),
    });
    const unclear = (before: JsonObject, after: JsonObject) =>
      compare(transfers(before, undefined), transfers(after, undefined)).unclear.map(
        ({ code, pointer }) => `${code} ${pointer.split('/').at(-1)}`,
      );
    expect(unclear(not('a'), not('b'))).toEqual(['keyword-changed not']);
    expect(unclear(text, { ...text, foo: 1 })).toEqual(['keyword-changed foo']);
    expect(unclear({ ...text, foo: 1 }, { ...text, foo: 1, title: 'x', 'x-a': 1 })).toEqual([]);
  });

  it('follows references below keywords that it does not understand', () => {
    const S = { $ref: '#/components/schemas/S' };
    const of = (schema: JsonObject) => ({
      ...transfers({ not: S }, undefined),
      components: { schemas: { S: schema } },
    });
    expect(compare(of({ enum: ['a'] }), of({ enum: ['a'], title: 'x' })).unclear).toEqual([]);
    expect(compare(of({ enum: ['a'] }), of({ enum: ['b'] })).unclear).toHaveLength(1);
  });

  it('lays each part of an allOf in once, and gives up on too many', () => {
    const part = (level: number) => ({ $ref: `#/components/schemas/A${level}` });
    const bomb = Array.from({ length: 20 }, (_, level) => {
      return [`A${level}`, { allOf: Array.from({ length: 10 }, () => part(level + 1)) }];
    });
    const of = (schemas: JsonObject) => ({
      ...transfers(undefined, part(0)),
      components: { schemas },
    });
    const doubled = of({ ...Object.fromEntries(bomb), A20: { type: 'string' } });
    expect(compare(doubled, doubled)).toMatchObject({ breaking: [], complete: true });
    const wide = { A0: { allOf: Array.from({ length: 600 }, (_, i) => ({ maxLength: i + 1 })) } };
    expect(compare(of(wide), of(wide)).complete).toBe(false);
    const circle = of({ A0: { allOf: [part(0), { oneOf: [part(0), { type: 'string' }] }] } });
    expect(compare(circle, circle)).toMatchObject({ breaking: [], complete: true });
  });

  it('names the place in the new document, behind references and in schemas of themselves', () => {
    const components = (node: JsonObject) => ({
      components: { schemas: { Node: { properties: { next: NODE, ...node } } } },
    });
    const NODE = { $ref: '#/components/schemas/Node' };
    const before = { ...transfers(NODE, NODE), ...components({ a: { type: 'string' } }) };
    const after = { ...transfers(NODE, NODE), ...components({ a: { type: 'number' } }) };
    expect(compare(before, after).breaking).toMatchObject([
      { code: 'type-narrowed', pointer: '/components/schemas/Node/properties/a/type' },
      { code: 'type-widened', pointer: '/components/schemas/Node/properties/a/type' },
    ]);
  });

  it('says so where there is too much to list', () => {
    const names = Array.from({ length: 600 }, (_, i) => `p${i}`);
    const properties = Object.fromEntries(names.map(name => [name, {}]));
    const { breaking, complete } = compare(
      transfers(undefined, { properties }),
      transfers(undefined, {}),
    );
    expect(breaking).toHaveLength(500);
    expect(complete).toBe(false);
  });
});
