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
    expect(compare(before, before)).toEqual({ breaking: [], compatible: [], complete: true });
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

  it('does not mind other names of path parameters', () => {
    const after = documentOf({
      '/a/{key}': { get: operation('get'), delete: operation('remove') },
    });
    expect(codesOf(compare(before, after))).toEqual(FINE());
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
      BREAKS('property-removed'),
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
    expect(change(either(text, text), either(text)).request).toEqual(BREAKS('alternative-removed'));
    expect(change(either(text), either({ type: 'number' })).response).toEqual(
      BREAKS('type-widened'),
    );
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
  const breaking = { breaking: [one], compatible: [], complete: true };
  const compatible = { breaking: [], compatible: [one], complete: true };
  const none = { breaking: [], compatible: [], complete: true };

  it.each([
    ['1.2.3', '2.0.0', breaking, undefined],
    ['1.2.3', '1.3.0', breaking, 'breaking-change 2.0.0'],
    ['1.2.3', '1.3.0', { ...none, complete: false }, 'breaking-change 2.0.0'],
    ['1.2.3', '1.3.0', compatible, undefined],
    ['1.2.3', '1.2.4', compatible, 'version-too-low 1.3.0'],
    ['1.2.3', '2.0.0', compatible, undefined],
    ['1.2.3', '1.2.3', none, undefined],
    ['1.2.3', '1.2.2', none, 'version-too-low 1.2.3'],
    ['1.10.0', '1.9.0', none, 'version-too-low 1.10.0'],
  ])('takes from %s to %s', (stored, given, changes, wanted) => {
    const refusal = refuseVersion(stored, given, changes);
    expect(refusal && `${refusal.code} ${refusal.version}`).toBe(wanted);
  });
});
