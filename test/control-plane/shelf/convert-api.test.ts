import { describe, expect, it } from 'vitest';
import { convertApi, type ImportChoices } from '../../../src/control-plane/shelf/convert-api.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { ACCOUNT_PARAMETER, ACCOUNTS, documentOf, operation, shown } from './shelf-fixture.ts';

function convert(
  document: JsonObject,
  choices: Partial<ImportChoices> = {},
  existing?: JsonObject,
) {
  const said = { id: 'accounts', skipInvalid: false, deriveIds: false, ...choices };
  return convertApi(document, said, existing);
}

const operationsOf = (document: JsonObject, choices: Partial<ImportChoices> = {}) =>
  convert(document, { skipInvalid: true, ...choices }).operations;

const bodies = (document: JsonObject, choices: Partial<ImportChoices> = {}) =>
  operationsOf(document, choices).taken.map(({ body }) => body);

describe('an API of a document', () => {
  it('takes name, version, description, base path and operations', () => {
    expect(convert(ACCOUNTS, { upstream: 'core' }).body).toEqual({
      id: 'accounts',
      name: 'Accounts',
      description: 'Accounts of a customer.',
      version: '1.0.0',
      basePath: '/accounts',
      upstream: 'core',
      operations: [
        {
          id: 'getAccount',
          summary: 'Does getAccount.',
          method: 'GET',
          path: '/accounts/{accountId}',
          scopes: [],
          access: 'signed',
          messageSignature: 'session',
          idempotency: 'none',
        },
      ],
    });
  });

  it('takes its id from the operator, or from the document', () => {
    const { id: _, ...choices } = { id: '', skipInvalid: false, deriveIds: false };
    expect(convertApi(ACCOUNTS, choices, undefined).issues).toMatchObject([{ code: 'id' }]);
    const own = { ...ACCOUNTS, 'x-xingyun-id': 'own' };
    expect(convertApi(own, choices, undefined).body?.id).toBe('own');
    expect(convertApi({ ...ACCOUNTS, 'x-xingyun-id': 'a.b' }, choices, undefined).issues).toEqual([
      expect.objectContaining({ code: 'id', path: ['x-xingyun-id'] }),
    ]);
  });

  it.each([
    ['1.2.3', '1.2.3'],
    ['v1', '1.0.0'],
    ['2.1', '2.1.0'],
    ['1.4.0-beta.2', '1.4.0'],
    ['v3.1.0+build', '3.1.0'],
    ['2020-09-14', '2020.0.0'],
    ['2020.09', '2020.9.0'],
  ])('reads the version %s as %s', (given, version) => {
    const { body, notes } = convert({ ...ACCOUNTS, info: { title: 'A', version: given } });
    expect(body?.version).toBe(version);
    expect(shown(notes)).toEqual(given === version ? [] : ['version /info/version']);
  });

  it('refuses a version that is none, unless the operator says another', () => {
    const document = { ...ACCOUNTS, info: { title: 'A', version: 'latest' } };
    expect(shown(convert(document).issues)).toEqual(['version /info/version']);
    expect(convert(document, { version: '2.0.0' }).body?.version).toBe('2.0.0');
    expect(shown(convert({ ...ACCOUNTS, info: {} }).issues)).toEqual([
      'title /info',
      'version /info/version',
    ]);
  });

  it.each([
    [[{ url: '/v1/' }], '/v1'],
    [[{ url: 'https://host/' }], '/'],
    [[{ url: 'https://{name}/{base}/v2', variables: { base: { default: 'b' } } }], '/b/v2'],
    [[{ url: 'https://host/a?b=c' }, { url: '/other' }], '/a'],
    [undefined, '/'],
  ])('reads the base path of %j', (servers, basePath) => {
    const document = { ...ACCOUNTS, servers: servers as never };
    expect(convert(document).body?.basePath).toBe(basePath);
  });

  it('goes by the operator and by the record before the servers', () => {
    const existing = { basePath: '/kept', upstream: 'old', lifecycle: 'draft', description: 'x' };
    expect(convert(ACCOUNTS, { basePath: '/said' }, existing).body?.basePath).toBe('/said');
    const { body } = convert(ACCOUNTS, {}, existing);
    expect(body).toMatchObject({ basePath: '/kept', upstream: 'old', lifecycle: 'draft' });
    expect(shown(convert({ ...ACCOUNTS, servers: [{ url: '/a/{b}' }] }).issues)).toEqual([
      'base-path /servers/0/url',
    ]);
  });

  it('drops the dates of a deprecation together with it', () => {
    const dates = { deprecated: '2026-01-01T00:00:00Z', sunset: '2027-01-01T00:00:00Z' };
    const existing = { lifecycle: 'deprecated', ...dates };
    expect(convert(ACCOUNTS, {}, existing).body).toMatchObject(existing);
    expect(convert(ACCOUNTS, { lifecycle: 'published' }, existing).body).not.toHaveProperty(
      'sunset',
    );
  });

  it('refuses documents with operations that it cannot take, all of them named', () => {
    const document = documentOf({
      '/a': { get: operation('a b'), trace: operation('b') },
      '/c;d': { get: operation('c') },
    });
    const { body, issues } = convert(document);
    expect(body).toBeUndefined();
    expect(shown(issues)).toEqual([
      'operation-id /paths//a/get/operationId',
      'method /paths//a/trace',
      'path /paths//c;d/get',
    ]);
    expect(shown(convert(document, { skipInvalid: true }).issues)).toEqual([
      'operations-none /paths',
    ]);
  });

  it('wants documents of more than a thousand operations split', () => {
    const paths = Array.from({ length: 1_001 }, (_, i) => [`/a${i}`, { get: operation(`a${i}`) }]);
    const document = documentOf(Object.fromEntries(paths));
    expect(shown(convert(document, { skipInvalid: true }).issues)).toEqual([
      'operations-too-many /paths',
    ]);
  });
});

describe('operations of a document', () => {
  it.each([
    ['/a/{user.id}', '/a/{user_id}'],
    ['/a/{1st}', '/a/{_1st}'],
    ['/a/%7Eb%2a', '/a/~b*'],
    ['/a/b%c3%a4', '/a/b%C3%A4'],
    ['/星云/x y', '/%E6%98%9F%E4%BA%91/x%20y'],
    ['/a/', '/a/'],
  ])('takes the path %s as %s', (path, canonical) => {
    const { taken, notes } = operationsOf(documentOf({ [path]: { get: operation('a') } }));
    expect(taken.map(({ body }) => body.path)).toEqual([canonical]);
    expect(notes).toHaveLength(path === canonical ? 0 : 1);
  });

  it.each([
    '/a/{b}.json',
    '/a/{b}{c}',
    '/a/{b}/{b}',
    '/a/../b',
    '/a//b',
    '/a;b',
    '/a?b=c',
    '/a#b',
    '/a/%2e',
    '/a/%252F',
    '/a/%2Fb',
  ])('refuses the path %s', path => {
    const { taken, refused } = operationsOf(documentOf({ [path]: { get: operation('a') } }));
    expect(taken).toEqual([]);
    expect(shown(refused)).toEqual([`path /paths/${path}/get`]);
  });

  it('refuses payloads that are to be held against a schema where there is none', () => {
    const requestBody = { content: { 'application/merge-patch+json': { schema: {} } } };
    const checked = { ...operation('a'), requestBody, 'x-validate': 'request' };
    const misspelt = { ...operation('b'), 'x-validate': 'requests' };
    const whole = { ...operation('c'), requestBody };
    const document = documentOf({ '/a': { patch: checked, put: misspelt } });
    expect(shown(operationsOf(document).refused)).toEqual([
      'x-validate /paths//a/patch/x-validate',
      'x-validate /paths//a/put/x-validate',
    ]);
    const all = { ...documentOf({ '/c': { patch: whole } }), 'x-validate': 'both' };
    expect(shown(operationsOf(all).refused)).toEqual(['x-validate /paths//c/patch']);
  });

  it('gives the parameters of one path one name each', () => {
    const document = documentOf({
      '/a/{id}': { get: operation('get') },
      '/a/{key}': { delete: operation('remove') },
    });
    expect(bodies(document).map(({ path }) => path)).toEqual(['/a/{id}', '/a/{id}']);
  });

  it('refuses paths that cannot be told apart, and takes those that are more specific', () => {
    const document = documentOf({
      '/a/{x}/b': { get: operation('one') },
      '/a/c/{y}': { get: operation('two'), post: operation('three') },
      '/a/c/b': { get: operation('four') },
    });
    const { taken, refused } = operationsOf(document);
    expect(taken.map(({ body }) => body.id)).toEqual(['one', 'four']);
    expect(shown(refused)).toEqual([
      'path-overlap /paths//a/c/{y}/get',
      'path-overlap /paths//a/c/{y}/post',
    ]);
  });

  it('refuses ids that are missing, misshapen or taken, or makes them where it is told to', () => {
    const document = documentOf({
      '/accounts/{id}/balances': { get: { responses: {} } },
      '/a': { get: operation('repos/list'), put: operation('same'), post: operation('same') },
    });
    expect(shown(operationsOf(document).refused)).toEqual([
      'operation-id /paths//accounts/{id}/balances/get',
      'operation-id /paths//a/get/operationId',
      'operation-id /paths//a/post/operationId',
    ]);
    const { taken, notes } = operationsOf(document, { deriveIds: true });
    expect(taken.map(({ body }) => body.id)).toEqual([
      'get-accounts-id-balances',
      'get-a',
      'same',
      'post-a',
    ]);
    expect(notes).toHaveLength(3);
  });

  it('makes ids of every length fit, and different ones for different paths', () => {
    const long = 'a'.repeat(200);
    const document = documentOf({
      [`/${long}/b`]: { get: { responses: {} } },
      [`/${long}/c`]: { get: { responses: {} } },
      '/x-y': { get: { responses: {} } },
      '/x/y': { get: { responses: {} } },
    });
    const ids = bodies(document, { deriveIds: true }).map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    expect(ids.slice(2)).toEqual(['get-x-y', 'get-x-y-2']);
    expect(ids[0]!.length).toBeLessThanOrEqual(128);
  });

  it('follows references of path items, but not in circles', () => {
    const document = documentOf(
      { '/a': { $ref: '#/components/pathItems/A' }, '/b': { $ref: '#/paths/~1b' } },
      { components: { pathItems: { A: { get: operation('a') } } } },
    );
    const { taken, count, refused } = operationsOf(document);
    expect(count).toBe(2);
    expect(taken).toMatchObject([{ at: ['components', 'pathItems', 'A', 'get'] }]);
    expect(shown(refused)).toEqual(['path-reference /paths//b/$ref']);
  });

  it('refuses each that is beside a reference, behind one that leads nowhere, or none', () => {
    const reference = { $ref: '#/components/pathItems/A' };
    const document = documentOf(
      {
        '/a': { ...reference, post: operation('post'), parameters: [], summary: 'A' },
        '/b': { $ref: '#/components/pathItems/Missing' },
        '/c': { get: null, put: operation('put') },
        '/d': null,
        'x-e': null,
      },
      {
        components: {
          pathItems: {
            A: { $ref: '#/components/pathItems/B', put: {} },
            B: { get: operation('a') },
          },
        },
      },
    );
    const { taken, count, refused, notes } = operationsOf(document);
    expect(taken.map(({ body }) => body.id)).toEqual(['a', 'put']);
    expect(shown(refused)).toEqual([
      'path-reference /paths//a/post',
      'path-reference /components/pathItems/A/put',
      'path-reference /paths//b/$ref',
      'operation /paths//c/get',
      'path /paths//d',
    ]);
    expect(count).toBe(taken.length + refused.length);
    expect(shown(notes)).toEqual(['path-reference /paths//a/parameters']);
  });

  it('tells of servers that it does not go by', () => {
    const server = (url: string) => ({ servers: [{ url }] });
    const own = 'https://core.bank.example/accounts';
    const { notes } = operationsOf(
      documentOf({
        '/a': {
          ...server('https://core.bank.example/v2'),
          get: operation('a'),
          put: operation('b'),
        },
        '/c': { get: operation('c', server('/other')), put: operation('d', server(own)) },
      }),
    );
    expect(shown(notes)).toEqual(['servers /paths//a/servers', 'servers /paths//c/get/servers']);
  });

  it('takes scopes from x-required-scopes, or from OAuth 2 requirements', () => {
    const flows = { implicit: { authorizationUrl: 'https://a', scopes: {} } };
    const document = documentOf(
      {
        '/own': { get: operation('own', { 'x-required-scopes': ['own:read'] }) },
        '/security': {
          get: operation('security', { security: [{ key: [] }, { oauth: ['a', 'b'], key: [] }] }),
        },
        '/inherited': { get: operation('inherited') },
        '/none': { get: operation('none', { security: [] }) },
        '/either': { get: operation('either', { security: [{ oauth: ['a'] }, { oauth: ['b'] }] }) },
        '/open': { get: operation('open', { security: [{}, { oauth: ['a'] }] }) },
        '/same': {
          get: operation('same', { security: [{ oauth: ['a', 'b'] }, { oauth: ['b', 'a'] }] }),
        },
      },
      {
        security: [{ oauth: ['all'] }],
        components: {
          securitySchemes: {
            oauth: { type: 'oauth2', flows },
            key: { type: 'apiKey', in: 'header', name: 'x' },
          },
        },
      },
    );
    const { taken, notes } = operationsOf(document);
    const scopes = taken.map(({ body }) => body.scopes);
    expect(scopes).toEqual([['own:read'], ['a', 'b'], ['all'], [], ['a'], ['a'], ['a', 'b']]);
    expect(shown(notes)).toEqual([
      'scopes /paths//security/get',
      'scopes /paths//either/get',
      'scopes /paths//open/get',
    ]);
  });

  it('takes access and signatures of messages, and refuses what is none', () => {
    const document = documentOf(
      {
        '/a': { get: operation('a', { 'x-access': 'public' }) },
        '/b': { get: operation('b', { 'x-message-signature': 'required' }) },
        '/c': { get: operation('c', { 'x-access': 'everybody' }) },
        '/d': { get: operation('d', { 'x-access': 'public', 'x-required-scopes': ['x'] }) },
        '/e': { get: operation('e', { 'x-required-scopes': 'x' }) },
      },
      {
        security: [{ oauth: ['all'] }],
        components: { securitySchemes: { oauth: { type: 'oauth2', flows: {} } } },
      },
    );
    const { taken, refused } = operationsOf(document);
    expect(taken.map(({ body }) => body)).toMatchObject([
      { id: 'a', access: 'public', scopes: [] },
      { id: 'b', messageSignature: 'required', scopes: ['all'] },
    ]);
    expect(shown(refused)).toEqual([
      'x-access /paths//c/get/x-access',
      'x-required-scopes /paths//d/get/x-required-scopes',
      'x-required-scopes /paths//e/get/x-required-scopes',
    ]);
  });

  it('makes one line of a summary', () => {
    const summary = `Lists\n  accounts${' x'.repeat(200)}`;
    const document = documentOf({
      '/a': { parameters: [ACCOUNT_PARAMETER], get: operation('a', { summary }) },
    });
    const [body] = bodies(document);
    expect(body?.summary).toMatch(/^Lists accounts x .{150,190}…$/);
  });
});
