import { describe, expect, it } from 'vitest';
import { renderDocument } from '../../../src/control-plane/shelf/render-document.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { documentOf, operation, PUBLIC_URL } from './shelf-fixture.ts';

const INSIDE = 'https://inside.bank.example';
const inside = { servers: [{ url: INSIDE }] };

/** As partners get it, with these operations in the API's record. */
function render(document: JsonObject, ...published: [id: string, method: string, path: string][]) {
  const operations = published.map(([id, method, path]) => ({ id, method, path, scopes: [] }));
  const api = { id: 'a', version: '1.2.3', basePath: '/v1', operations };
  const job = { kind: 'render', text: JSON.stringify(document), api } as const;
  const text = renderDocument({ ...job, publicUrl: PUBLIC_URL, format: 'json' });
  return { text, given: JSON.parse(text) };
}

describe('the document for partners', () => {
  it('names no address behind the gateway, wherever one may stand', () => {
    const answers = {
      201: {
        description: 'Made.',
        links: { again: { operationId: 'make', server: { url: INSIDE } } },
      },
    };
    const callback = { '{$request.body#/url}': { ...inside, post: { ...inside, responses: {} } } };
    const document = documentOf(
      {
        '/a': {
          ...inside,
          'x-integration': INSIDE,
          post: operation('make', { ...inside, responses: answers, callbacks: { done: callback } }),
        },
        'x-gateway': { uri: INSIDE },
      },
      {
        ...inside,
        'x-host': INSIDE,
        webhooks: { told: { post: { ...inside, security: [{ old: [] }], responses: {} } } },
        components: {
          'x-more': INSIDE,
          pathItems: { Hidden: { ...inside, delete: operation('hidden') } },
          callbacks: { Done: callback },
          links: { Again: { operationId: 'make', server: { url: INSIDE } } },
          schemas: { A: { type: 'object', 'x-table': INSIDE } },
          securitySchemes: { old: { type: 'oauth2', flows: { password: { tokenUrl: INSIDE } } } },
        },
      },
    );
    const { text, given } = render(document, ['make', 'POST', '/a']);
    expect(text).not.toContain('inside.bank.example');
    expect(text).not.toContain('hidden');
    expect(given.servers).toEqual([{ url: `${PUBLIC_URL}/v1` }]);
    expect(Object.keys(given.components.securitySchemes)).toEqual(['xingyunSignature']);
    expect(given.webhooks.told.post.security).toEqual([]);
    expect(Object.keys(given.paths['/a'].post.callbacks.done)).toEqual(['{$request.body#/url}']);
  });

  it('keeps what is only called like an address or an extension', () => {
    const schemas = {
      'x-a': { properties: { servers: { type: 'string' }, 'x-b': {} }, example: { servers: [1] } },
    };
    const answers = { 200: { description: 'x', headers: { 'x-rate': { schema: {} } } } };
    const { given } = render(
      documentOf(
        { '/a': { get: operation('a', { responses: answers }) } },
        { components: { schemas } },
      ),
      ['a', 'GET', '/a'],
    );
    expect(given.components.schemas['x-a']).toEqual(schemas['x-a']);
    expect(given.paths['/a'].get.responses[200]).toEqual(answers[200]);
  });

  it('writes path items out, with the operations of them that can be called', () => {
    const item = { parameters: [], get: operation('get'), delete: operation('hidden') };
    const document = documentOf(
      { '/a': { $ref: '#/components/pathItems/A' } },
      { components: { pathItems: { A: item } } },
    );
    const { given, text } = render(document, ['get', 'GET', '/a']);
    expect(Object.keys(given.paths['/a'])).toEqual(['parameters', 'get']);
    expect(given.components.pathItems).toBeUndefined();
    expect(text).not.toContain('hidden');
  });

  it('links to what can be called, by the ids of the gateway', () => {
    const links = {
      own: { operationId: 'repos/get', parameters: { id: '$response.body#/id' } },
      byPlace: { operationRef: '#/paths/~1a/get' },
      hidden: { operationId: 'hidden' },
      hiddenByPlace: { operationRef: '#/paths/~1a/delete' },
      elsewhere: { operationRef: `${INSIDE}/openapi.json#/paths/~1a/get` },
    };
    const answers = { 200: { description: 'x', links } };
    const { given } = render(
      documentOf({
        '/a': { get: operation('repos/get', { responses: answers }), delete: operation('hidden') },
      }),
      ['get-a', 'GET', '/a'],
    );
    expect(given.paths['/a'].get.responses[200].links).toEqual({
      own: { operationId: 'get-a', parameters: { id: '$response.body#/id' } },
      byPlace: { operationId: 'get-a' },
    });
  });

  it('brings along what was referred to where it is not shown', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/x-parts/Node' } } };
    const content = (schema: JsonObject) => ({ 'application/json': { schema } });
    const hidden = operation('hidden', { requestBody: { content: content({ type: 'string' }) } });
    const pointer = '#/paths/~1a/delete/requestBody/content/application~1json/schema';
    const answers = {
      200: { description: 'x', content: content({ $ref: pointer }) },
      201: { description: 'x', content: content({ $ref: '#/x-parts/Node' }) },
      202: { description: 'x', content: content({ $ref: '#/components/schemas/Part1' }) },
    };
    const { given } = render(
      documentOf(
        { '/a': { get: operation('a', { responses: answers }), delete: hidden } },
        { 'x-parts': { Node: node }, components: { schemas: { Part1: { type: 'number' } } } },
      ),
      ['a', 'GET', '/a'],
    );
    const behind = (status: number) => {
      const { $ref } = given.paths['/a'].get.responses[status].content['application/json'].schema;
      return [$ref, given.components.schemas[$ref.split('/').at(-1)]];
    };
    const [own, moved] = behind(201);
    expect(behind(200)[1]).toEqual({ type: 'string' });
    expect(moved).toEqual({ ...node, properties: { next: { $ref: own } } });
    expect(behind(202)[1]).toEqual({ type: 'number' });
  });

  it('ends where callbacks contain themselves', () => {
    const item: JsonObject = {
      post: {
        callbacks: { again: { '{$url}': { $ref: '#/components/pathItems/A' } } },
        responses: {},
      },
    };
    const { given } = render(
      documentOf(
        { '/a': { $ref: '#/components/pathItems/A' } },
        { components: { pathItems: { A: item } } },
      ),
      ['a', 'POST', '/a'],
    );
    expect(Object.keys(given.paths['/a'])).toEqual(['post']);
  });
});
