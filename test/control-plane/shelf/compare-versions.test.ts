import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/control-plane/shelf/compare/compare-versions.ts';
import { refuseVersion } from '../../../src/control-plane/shelf/compare/version-rule.ts';
import { convertApi } from '../../../src/control-plane/shelf/convert-api.ts';
import type { JsonObject, JsonValue } from '../../../src/stores/registry-contract.ts';
import { documentOf, operation } from './shelf-fixture.ts';

function versionOf(document: JsonObject) {
  const choices = { id: 'a', skipInvalid: false, deriveIds: false };
  const { body, issues } = convertApi(document, choices, undefined);
  if (body === undefined) throw new Error(JSON.stringify(issues));
  return { api: body, document };
}

function compare(before: JsonObject, after: JsonObject) {
  return compareVersions(versionOf(before), versionOf(after));
}

const codesOf = (changes: ReturnType<typeof compare>) => ({
  breaking: changes.breaking.map(({ code }) => code),
  compatible: changes.compatible.map(({ code }) => code),
});

type Content = JsonObject | undefined;

/** One operation with this body and this answer. */
function transfers(request: Content, response: Content, more: JsonObject = {}): JsonObject {
  const json = (schema: JsonValue) => ({ content: { 'application/json': { schema } } });
  return documentOf({
    '/transfers': {
      post: operation('transfer', {
        ...(request === undefined ? {} : { requestBody: json(request) }),
        responses: {
          200: { description: 'Done.', ...(response === undefined ? {} : json(response)) },
        },
        ...more,
      }),
    },
  });
}

/** The same change of a schema seen in a request and in an answer. */
function change(before: JsonObject, after: JsonObject) {
  return {
    request: codesOf(compare(transfers(before, undefined), transfers(after, undefined))),
    response: codesOf(compare(transfers(undefined, before), transfers(undefined, after))),
  };
}

const BREAKS = (...breaking: string[]) => ({ breaking, compatible: [] });
const FINE = (...compatible: string[]) => ({ breaking: [], compatible });

describe('changes of operations', () => {
  const before = documentOf({
    '/a/{id}': { get: operation('get'), delete: operation('remove') },
  });

  it('finds none in the same document', () => {
    expect(compare(before, before)).toEqual({
      breaking: [],
      compatible: [],
      unclear: [],
      complete: true,
    });
  });

  it('sees operations that go, come and move', () => {
    const after = documentOf({
      '/b/{id}': { get: operation('get') },
      '/c': { get: operation('list') },
    });
    const changes = compare(before, after);
    expect(changes.breaking).toMatchObject([
      { code: 'operation-moved', operation: 'get', pointer: '/paths/~1b~1{id}/get' },
      { code: 'operation-removed', operation: 'remove', pointer: '/paths/~1a~1{id}/delete' },
    ]);
    expect(changes.compatible).toMatchObject([{ code: 'operation-added', operation: 'list' }]);
  });

  it('does not mind other names of path parameters, but other types', () => {
    const after = documentOf({
      '/a/{key}': { get: operation('get'), delete: operation('remove') },
    });
    expect(codesOf(compare(before, after))).toEqual(FINE());
    const typed = (name: string, type: string) => {
      const parameters = [{ name, in: 'path', required: true, schema: { type } }];
      return documentOf({ [`/a/{${name}}`]: { parameters, get: operation('get') } });
    };
    expect(codesOf(compare(typed('id', 'string'), typed('key', 'string')))).toEqual(FINE());
    expect(codesOf(compare(typed('id', 'string'), typed('key', 'integer')))).toEqual(
      BREAKS('type-narrowed'),
    );
  });

  it('sees scopes, access, signatures and base paths that tighten', () => {
    const loose = documentOf({
      '/a': { get: operation('a', { 'x-access': 'public' }) },
      '/b': { get: operation('b', { 'x-required-scopes': ['x'] }) },
    });
    const tight = documentOf(
      {
        '/a': { get: operation('a', { 'x-message-signature': 'required' }) },
        '/b': { get: operation('b', { 'x-required-scopes': ['x', 'y'] }) },
      },
      { servers: [{ url: '/other' }] },
    );
    expect(codesOf(compare(loose, tight))).toEqual(
      BREAKS('base-path-changed', 'access-tightened', 'signature-required', 'scope-added'),
    );
    expect(codesOf(compare(tight, { ...loose, servers: [{ url: '/other' }] }))).toEqual(
      FINE('access-loosened', 'scope-removed'),
    );
  });

  it('compares records where there was no document', () => {
    const { api } = versionOf(before);
    const after = versionOf(documentOf({ '/a/{id}': { get: operation('get') } }));
    const changes = compareVersions(
      { api, document: undefined },
      { ...after, document: undefined },
    );
    expect(codesOf(changes)).toEqual(BREAKS('operation-removed'));
  });

  it('sees parameters that must be sent', () => {
    const parameter = (name: string, more: JsonObject = {}) => ({
      name,
      in: 'query',
      schema: { type: 'string' },
      ...more,
    });
    const withParameters = (...parameters: JsonObject[]) =>
      transfers(undefined, undefined, { parameters });
    const compared = codesOf(
      compare(
        withParameters(parameter('a'), parameter('b', { required: true }), parameter('gone')),
        withParameters(
          parameter('a', { required: true }),
          parameter('b'),
          parameter('new', { required: true }),
          parameter('more'),
        ),
      ),
    );
    expect(compared).toEqual({
      breaking: ['parameter-required', 'parameter-required'],
      compatible: ['parameter-optional', 'parameter-added', 'parameter-removed'],
    });
    const header = (name: string) => [{ name, in: 'header', schema: { type: 'string' } }];
    const lower = withParameters(...header('x-a'));
    expect(codesOf(compare(withParameters(...header('X-A')), lower))).toEqual(FINE());
  });

  it('sees parameters that are written otherwise', () => {
    const written = (schema: JsonObject, more: JsonObject) =>
      transfers(undefined, undefined, {
        parameters: [{ name: 'a', in: 'query', schema, ...more }],
      });
    const list = { type: 'array', items: { type: 'string' } };
    const piped = { style: 'pipeDelimited', explode: false };
    const styles = (schema: JsonObject, ...[old, now]: [JsonObject, JsonObject]) =>
      codesOf(compare(written(schema, old), written(schema, now)));
    expect(styles(list, {}, piped)).toEqual(BREAKS('parameter-style'));
    expect(styles(list, {}, { explode: false })).toEqual(BREAKS('parameter-style'));
    expect(styles(list, {}, { style: 'form', explode: true })).toEqual(FINE());
    expect(styles({ type: 'string' }, {}, { explode: false })).toEqual(FINE());
  });

  it('sees headers of answers', () => {
    const answer = (headers: JsonObject) =>
      transfers(undefined, undefined, { responses: { 200: { description: 'x', headers } } });
    const tag = (schema: JsonObject, required = false) => ({ ETag: { required, schema } });
    const text = { type: 'string' };
    expect(codesOf(compare(answer(tag(text)), answer({})))).toEqual(BREAKS('header-removed'));
    expect(codesOf(compare(answer({}), answer(tag(text))))).toEqual(FINE());
    expect(codesOf(compare(answer(tag(text)), answer(tag({ type: 'number' }))))).toEqual(
      BREAKS('type-widened'),
    );
    expect(codesOf(compare(answer(tag(text, true)), answer({ etag: { schema: text } })))).toEqual(
      BREAKS('header-optional'),
    );
  });

  it('sees the only answer go, and takes ranges and defaults for what they cover', () => {
    const answers = (responses: JsonObject) => transfers(undefined, undefined, { responses });
    const json = (type: string) => ({ content: { 'application/json': { schema: { type } } } });
    expect(codesOf(compare(answers({ default: json('string') }), answers({})))).toEqual(
      BREAKS('response-removed'),
    );
    for (const status of ['200', '2XX', 'default']) {
      const kept = compare(answers({ 200: json('string') }), answers({ [status]: json('string') }));
      expect(kept.breaking).toEqual([]);
      const other = compare(
        answers({ 200: json('string') }),
        answers({ [status]: json('number') }),
      );
      expect(codesOf(other).breaking).toEqual(['type-widened']);
    }
    const own = compare(answers({ default: json('string') }), answers({ 200: json('number') }));
    expect(codesOf(own).breaking).toEqual(['type-widened']);
  });

  it('sees bodies, media types and answers that come and go', () => {
    const schema = { type: 'object' };
    const body = (required: boolean, type: string) => ({
      requestBody: { required, content: { [type]: { schema } } },
    });
    const of = (more: JsonObject) => transfers(undefined, undefined, more);
    const json = 'application/json';
    expect(codesOf(compare(of({}), of(body(true, json))))).toEqual(BREAKS('body-required'));
    expect(codesOf(compare(of({}), of(body(false, json))))).toEqual(FINE('body-added'));
    expect(codesOf(compare(of(body(true, json)), of(body(true, 'text/xml'))))).toEqual({
      breaking: ['media-type-removed'],
      compatible: ['media-type-added'],
    });
    const answers = (...statuses: string[]) =>
      of({ responses: Object.fromEntries(statuses.map(status => [status, { description: '' }])) });
    expect(codesOf(compare(answers('200', '404'), answers('201')))).toEqual({
      breaking: ['response-removed'],
      compatible: ['response-added'],
    });
  });
});

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

describe('the version that changes want', () => {
  const one = { code: 'x', operation: 'x', pointer: '', message: '' };
  const none = { breaking: [], compatible: [], unclear: [], complete: true };
  const breaking = { ...none, breaking: [one] };
  const compatible = { ...none, compatible: [one] };
  const unclear = { ...none, unclear: [one] };

  it.each([
    ['1.2.3', '2.0.0', breaking, undefined],
    ['1.2.3', '1.3.0', breaking, 'breaking-change 2.0.0'],
    ['1.2.3', '1.3.0', { ...none, complete: false }, 'breaking-change 2.0.0'],
    ['1.2.3', '1.3.0', compatible, undefined],
    ['1.2.3', '1.2.4', compatible, 'version-too-low 1.3.0'],
    ['1.2.3', '2.0.0', compatible, undefined],
    ['1.2.3', '1.2.4', unclear, 'version-too-low 1.3.0'],
    ['1.2.3', '1.3.0', unclear, undefined],
    ['1.2.3', '1.2.3', none, undefined],
    ['1.2.3', '1.2.2', none, 'version-too-low 1.2.3'],
    ['1.10.0', '1.9.0', none, 'version-too-low 1.10.0'],
  ])('takes from %s to %s', (stored, given, changes, wanted) => {
    const refusal = refuseVersion(stored, given, changes);
    expect(refusal && `${refusal.code} ${refusal.version}`).toBe(wanted);
  });
});
