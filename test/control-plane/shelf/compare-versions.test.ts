import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/control-plane/shelf/compare/compare-versions.ts';
import { refuseVersion } from '../../../src/control-plane/shelf/compare/version-rule.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { BREAKS, codesOf, compare, FINE, transfers, versionOf } from './compare-fixture.ts';
import { documentOf, operation } from './shelf-fixture.ts';

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
