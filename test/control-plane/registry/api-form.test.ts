import { describe, expect, it } from 'vitest';
import { PLAIN_OPERATION } from '../../../src/core/plain-terms.ts';
import { changed, complaints, load, places, problems } from './registry-fixture.ts';

const DOCUMENT = `openapi: 3.1.0
info: {title: Accounts, version: 1.0.0}
servers: [{url: https://elsewhere.example/v9}]
paths:
  /accounts:
    summary: All of them
    parameters: []
    get:
      operationId: list
      x-required-scopes: [accounts:read]
      responses:
        200: {description: All accounts}
    post: {operationId: open, x-access: public}
    put: {operationId: replace, x-message-signature: required}
  /accounts/{accountId}:
    get: {operationId: get}
  x-internal: {anything: true}
`;

/** The registry with its API described by a document. */
function withOpenApi(document: string, file = 'openapi/accounts.yaml') {
  const text = changed('apis.0.openapi', file, changed('apis.0.operations', undefined));
  return [text, { 'openapi/accounts.yaml': document }] as const;
}

/** `file line path` of each problem, the file without its folder. */
async function openApiPlaces(document: string): Promise<string[]> {
  return (await problems(...withOpenApi(document))).map(
    ({ file, line, path }) => `${file.split('/').slice(-1)} ${line} ${path}`,
  );
}

describe('an API from OpenAPI', () => {
  it('has the operations of the document below its own base path', async () => {
    expect((await load(...withOpenApi(DOCUMENT))).apis[0]?.operations).toEqual([
      {
        id: 'accounts.list',
        method: 'GET',
        pathTemplate: '/accounts/v1/accounts',
        scopes: ['accounts:read'],
        access: 'signed',
        messageSignature: 'session',
        ...PLAIN_OPERATION,
      },
      {
        id: 'accounts.open',
        method: 'POST',
        pathTemplate: '/accounts/v1/accounts',
        scopes: [],
        access: 'public',
        messageSignature: 'session',
        ...PLAIN_OPERATION,
      },
      {
        id: 'accounts.replace',
        method: 'PUT',
        pathTemplate: '/accounts/v1/accounts',
        scopes: [],
        access: 'signed',
        messageSignature: 'required',
        ...PLAIN_OPERATION,
      },
      {
        id: 'accounts.get',
        method: 'GET',
        pathTemplate: '/accounts/v1/accounts/{accountId}',
        scopes: [],
        access: 'signed',
        messageSignature: 'session',
        ...PLAIN_OPERATION,
      },
    ]);
  });

  it('names no scopes where it is public', async () => {
    const document = DOCUMENT.replace(
      'operationId: list',
      'operationId: list\n      x-access: public',
    );
    expect(await openApiPlaces(document)).toEqual(['accounts.yaml 8 paths["/accounts"].get']);
  });

  it('may be a JSON document, indented with tabs', async () => {
    const paths = { '/a': { get: { operationId: 'a', responses: { 200: { description: '' } } } } };
    const document = JSON.stringify({ openapi: '3.1.1', paths }, null, '\t');
    expect((await load(...withOpenApi(document))).apis[0]?.operations).toHaveLength(1);
  });

  it.each([
    ['version 3.0', DOCUMENT.replace('3.1.0', '3.0.3'), '1 openapi'],
    [
      'no operationId',
      DOCUMENT.replace('operationId: open', 'x: 1'),
      '13 paths["/accounts"].post.operationId',
    ],
    [
      'an operationId twice',
      DOCUMENT.replace('operationId: open', 'operationId: list'),
      '13 paths["/accounts"].post',
    ],
    [
      'scopes that are no list',
      DOCUMENT.replace('[accounts:read]', 'accounts:read'),
      '10 paths["/accounts"].get.x-required-scopes',
    ],
    [
      'a path that is not canonical',
      DOCUMENT.replace('/accounts/{', '/accounts//{'),
      '15 paths["/accounts//{accountId}"]',
    ],
    ['a path without slash', DOCUMENT.replace('  x-internal', '  internal'), '17 paths.internal'],
    [
      'a reference',
      DOCUMENT.replace('summary: All of them', '$ref: other.yaml'),
      '6 paths["/accounts"]["$ref"]',
    ],
    [
      'another word for signed messages',
      DOCUMENT.replace('signature: required', 'signature: always'),
      '14 paths["/accounts"].put.x-message-signature',
    ],
    ['TRACE', DOCUMENT.replace('post:', 'trace:'), '13 paths["/accounts"].trace'],
    ['no paths', 'openapi: 3.1.0\n', '1 paths'],
    ['no operation', 'openapi: 3.1.0\npaths: {}\n', '2 paths'],
    ['broken YAML', 'openapi: 3.1.0\npaths: [\n', '3 '],
  ])('with %s is refused at the line in the document', async (_, document, place) => {
    expect(await openApiPlaces(document)).toEqual([`accounts.yaml ${place}`]);
  });

  it('that is missing is named by the option', async () => {
    const [text] = withOpenApi(DOCUMENT, 'openapi/none.yaml');
    expect(await places(text)).toEqual([expect.stringMatching(/apis\[0\]\.openapi$/)]);
  });

  it('is refused together with other files that are not as they should be', async () => {
    const [text, files] = withOpenApi(DOCUMENT.replace('3.1.0', '2.0.0'));
    expect(await complaints(changed('keys.0.publicKeyFile', 'none', text), files)).toHaveLength(2);
  });
});

describe('an API', () => {
  it('has either operations or a document', async () => {
    expect(await places(changed('apis.0.operations', undefined))).toEqual(['14 apis[0]']);
    expect(await places(changed('apis.0.openapi', 'x.yaml'))).toEqual(['14 apis[0]']);
  });

  it.each([
    ['apis.0.basePath', '/accounts/', '16 apis[0].basePath'],
    ['apis.0.basePath', '/{tenant}', '16 apis[0].basePath'],
    ['apis.0.operations.0.path', 'accounts', '19 apis[0].operations[0].path'],
    ['apis.0.operations.0.path', '/a/%2e', '19 apis[0].operations[0].path'],
    ['apis.0.operations.1.path', '/x/{id}.json', '20 apis[0].operations[1].path'],
    ['apis.0.operations.1.id', 'list', '20 apis[0].operations[1]'],
    ['apis.0.operations.1.path', '/accounts', '20 apis[0].operations[1]'],
  ])('with %s as %s is refused', async (path, value, place) => {
    expect(await places(changed(path, value))).toEqual([place]);
  });

  it('must not be ambiguous with itself or with another', async () => {
    const crossing = { id: 'x', method: 'GET', path: '/{kind}/special' };
    expect(await places(changed('apis.0.operations.2', crossing))).toEqual([
      '21 apis[0].operations[2]',
    ]);
    const operations = [{ id: 'x', method: 'PUT', path: '/v1/accounts' }];
    const twin = { id: 'twin', name: 'Twin', basePath: '/accounts', upstream: 'bank', operations };
    expect(await complaints(changed('apis.1', twin))).toEqual([
      expect.stringContaining('belongs to the API accounts'),
    ]);
  });

  it('lies where its id says once', async () => {
    const operations = [{ id: 'x', method: 'GET', path: '/x' }];
    const twin = { id: 'accounts', name: 'Twin', basePath: '/y', upstream: 'bank', operations };
    expect(await places(changed('apis.1', twin))).toEqual(['21 apis[1].id']);
  });
});
