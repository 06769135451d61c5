import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { RegistryDesk } from '../../../src/control-plane/registry/desk.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import {
  ACCOUNT_PARAMETER,
  ACCOUNTS,
  documentOf,
  openRegistry,
  openShelfApp,
  operation,
  PUBLIC_URL,
} from './shelf-fixture.ts';

let registry: RegistryDesk;
let app: FastifyInstance;

beforeAll(async () => {
  registry = await openRegistry();
  app = openShelfApp(registry);
  await app.ready();
});

afterAll(async () => {
  await app.close();
  await registry.close();
});

async function post(path: string, payload: JsonObject) {
  const answer = await app.inject({ method: 'POST', url: path, payload });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}

const importAs = (api: string, document: JsonObject, more: JsonObject = {}) =>
  post(`/v1/shelf/import?api=${api}`, { document, upstream: 'core', ...more });

async function give(path: string, accept = 'application/json') {
  return app.inject({ method: 'GET', url: path, headers: { accept } });
}

/** In another version, at a place of its own. */
function versionOf(version: string, document: JsonObject = ACCOUNTS, path = '/x'): JsonObject {
  const info = { title: 'Accounts', version, description: 'x' };
  return { ...document, info, servers: [{ url: path }] };
}

describe('checking a document', () => {
  it('grades it, says what would be taken, and stores nothing', async () => {
    const { revision } = registry;
    const { status, body } = await post('/v1/shelf/check', { document: ACCOUNTS });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      style: { grade: 'A', score: 100, blocked: false },
      operations: { count: 1, taken: 1, refusedCount: 0 },
    });
    expect(registry.revision).toBe(revision);
  });

  it('takes text and objects, one document at a time', async () => {
    const yaml = 'openapi: 3.0.0\ninfo: {title: A, version: "1"}\npaths: {}\n';
    expect((await post('/v1/shelf/check', { document: yaml })).status).toBe(200);
    for (const body of [{}, { document: yaml, url: 'https://a' }, { document: 1 }]) {
      expect(await post('/v1/shelf/check', body)).toMatchObject({
        status: 422,
        body: { code: 'choice-invalid' },
      });
    }
  });

  it('says what a document cannot be, and where', async () => {
    expect(await post('/v1/shelf/check', { document: '{"swagger":\n"2.0"}' })).toMatchObject({
      status: 422,
      headers: { 'content-type': expect.stringMatching(/^application\/problem\+json/) },
      body: {
        code: 'document-invalid',
        errorsTotal: 1,
        errors: [{ code: 'openapi-version', pointer: '/swagger', line: 1 }],
      },
    });
  });

  it('fetches from no host that is not allowed', async () => {
    const { status, body } = await post('/v1/shelf/check', { url: 'https://a.example/b.yaml' });
    expect([status, body.code]).toEqual([422, 'url-refused']);
  });
});

describe('importing a document', () => {
  it('makes an API of it, and says so in the audit log', async () => {
    const { status, headers, body } = await importAs(
      'made',
      versionOf('1.0.0', ACCOUNTS, '/made'),
      {
        reason: 'the first',
      },
    );
    expect([status, headers.location]).toEqual([201, '/v1/apis/made']);
    expect(body).toMatchObject({ stored: true, isNew: true, api: { id: 'made' } });
    expect(registry.get('api', 'made')?.body).toMatchObject({
      version: '1.0.0',
      lifecycle: 'published',
      upstream: 'core',
    });
    const { sequence } = await registry.auditHead();
    expect(await registry.auditAfter(sequence - 1, 1)).toMatchObject([
      { actor: 'operator:ann', action: 'api.import', reason: 'the first', subject: 'api/made' },
    ]);
  });

  it('stores nothing in a dry run, and refuses there what would be refused', async () => {
    const document = versionOf('1.0.0', ACCOUNTS, '/dry');
    const { revision } = registry;
    const dry = await importAs('dry', document, { dryRun: true });
    expect([dry.status, dry.body.stored]).toEqual([200, false]);
    expect(await importAs('dry', document, { dryRun: true, upstream: 'none' })).toMatchObject({
      status: 409,
      body: { code: 'conflict' },
    });
    expect(registry.revision).toBe(revision);
  });

  it('refuses what the registry refuses', async () => {
    await importAs('first', versionOf('1.0.0', ACCOUNTS, '/taken'));
    const second = await importAs('second', versionOf('1.0.0', ACCOUNTS, '/taken'));
    expect(second).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('wants one id and an upstream for a new API', async () => {
    const twice = await importAs('one', ACCOUNTS, { id: 'two' });
    expect(twice.body).toMatchObject({ code: 'choice-invalid', errors: [{ pointer: '/id' }] });
    const without = await post('/v1/shelf/import', { document: ACCOUNTS, id: 'one' });
    expect(without.body).toMatchObject({ errors: [{ pointer: '/upstream' }] });
    const nameless = await post('/v1/shelf/import', { document: ACCOUNTS });
    expect(nameless.body).toMatchObject({ code: 'document-invalid', errors: [{ code: 'id' }] });
  });

  it('keeps from the shelf what breaks the standard, unless it is a draft', async () => {
    const { default: _, ...responses } = operation('a').responses as JsonObject;
    const document = versionOf(
      '1.0.0',
      documentOf({ '/a': { get: operation('a', { responses }) } }),
    );
    const refused = await importAs('blocked', document);
    expect(refused).toMatchObject({
      status: 422,
      body: {
        code: 'style-blocked',
        errors: [{ code: 'error-problem', pointer: '/paths/~1a/get' }],
        errorsTotal: 1,
        style: { grade: 'D' },
      },
    });
    const draft = await importAs('blocked', document, { lifecycle: 'draft' });
    expect(draft.status).toBe(201);
    expect((await importAs('blocked', document, { lifecycle: 'published' })).status).toBe(422);
  });

  it('takes the rest where it is told to, and lists what it leaves out', async () => {
    const document = versionOf(
      '1.0.0',
      documentOf({ '/a': { get: operation('a') }, '/b/{c}.json': { get: operation('b') } }),
      '/rest',
    );
    const refused = await importAs('rest', document, { lifecycle: 'draft' });
    expect(refused.body).toMatchObject({ code: 'document-invalid', errors: [{ code: 'path' }] });
    const taken = await importAs('rest', document, { lifecycle: 'draft', skipInvalid: true });
    expect(taken.body.operations).toMatchObject({
      count: 2,
      taken: 1,
      refused: [{ code: 'path', pointer: '/paths/~1b~1{c}.json/get', line: 1 }],
    });
  });
});

describe('importing a new version', () => {
  const base = (paths: JsonObject) => documentOf(paths);
  const two = base({ '/a': { get: operation('a') }, '/b': { get: operation('b') } });
  const one = base({ '/a': { get: operation('a') } });

  it('wants a new major version for what breaks', async () => {
    await importAs('v', versionOf('1.0.0', two, '/v'));
    const refused = await importAs('v', versionOf('1.1.0', one, '/v'));
    expect(refused).toMatchObject({
      status: 409,
      body: {
        code: 'breaking-change',
        version: '2.0.0',
        errors: [{ code: 'operation-removed', operation: 'b' }],
        errorsTotal: 1,
      },
    });
    const taken = await importAs('v', versionOf('2.0.0', one, '/v'));
    expect([taken.status, taken.body.changes.breaking.length]).toEqual([200, 1]);
  });

  it('wants a new minor version for what is new', async () => {
    const refused = await importAs('v', versionOf('2.0.1', two, '/v'));
    expect([refused.body.code, refused.body.version]).toEqual(['version-too-low', '2.1.0']);
    expect((await importAs('v', versionOf('2.1.0', two, '/v'))).status).toBe(200);
    expect((await importAs('v', versionOf('2.0.9', two, '/v'))).status).toBe(409);
  });

  it('stores a document in which only its words are different', async () => {
    const { version } = registry.get('api', 'v')!;
    const document = { ...versionOf('2.1.0', two, '/v'), tags: [{ name: 'new' }] };
    expect((await importAs('v', document)).status).toBe(200);
    expect(registry.get('api', 'v')?.version).toBe(version);
    expect((await give('/v1/apis/v/openapi')).json().tags).toEqual([{ name: 'new' }]);
  });

  it('lets a draft be anything', async () => {
    await importAs('d', versionOf('1.0.0', two, '/d'), { lifecycle: 'draft' });
    const { status, body } = await importAs('d', versionOf('0.1.0', one, '/d'));
    expect([status, body.api.lifecycle]).toEqual([200, 'draft']);
  });

  it('keeps the last twenty versions', async () => {
    for (let minor = 0; minor < 23; minor++) {
      await importAs('many', versionOf(`1.${minor}.0`, one, '/many'));
    }
    const { items } = (await give('/v1/apis/many/openapi/versions')).json();
    expect(items).toHaveLength(20);
    expect([items[0].version, items[19].version]).toEqual(['1.22.0', '1.3.0']);
    const kept = await give('/v1/apis/many/openapi?version=1.3.0');
    expect(kept.json()).toEqual(versionOf('1.3.0', one, '/many'));
    expect((await give('/v1/apis/many/openapi?version=1.2.0')).statusCode).toBe(404);
    expect(await registry.document('openapi/many/1.2.0')).toBeUndefined();
  });
});

describe('documents of an API that is no more', () => {
  const change = (body: JsonObject | undefined) =>
    registry.change({
      ...{ actor: 'operator:ann', action: 'api.change', reason: '' },
      changes: [{ kind: 'api', id: 'gone', body }],
    });
  const statusOf = async (path: string) => (await give(`/v1/apis/gone/openapi${path}`)).statusCode;

  it('are not those of another one under its id, and go with its first import', async () => {
    await importAs('gone', versionOf('1.0.0', ACCOUNTS, '/gone'));
    await importAs('gone', versionOf('1.1.0', ACCOUNTS, '/gone'));
    const { body } = registry.get('api', 'gone')!;
    expect([await statusOf(''), await statusOf('?version=1.0.0')]).toEqual([200, 200]);
    await change(undefined);
    expect([await statusOf(''), await statusOf('/versions')]).toEqual([404, 404]);
    await change({ ...body, name: 'Another' });
    expect([await statusOf(''), await statusOf('?version=1.0.0')]).toEqual([404, 404]);
    expect((await give('/v1/apis/gone/openapi/versions')).json()).toEqual({ items: [] });

    const { status, body: answer } = await importAs('gone', versionOf('1.1.0', ACCOUNTS, '/gone'));
    expect([status, answer.isNew]).toEqual([200, false]);
    const { items } = (await give('/v1/apis/gone/openapi/versions')).json();
    expect(items).toMatchObject([{ version: '1.1.0', grade: 'A' }]);
    expect(await registry.document('openapi/gone/1.0.0')).toBeUndefined();
  });

  it('have no names but their versions', async () => {
    for (const name of ['versions', 'relied', '1.1.0%2f', '']) {
      expect(await statusOf(`?version=${name}`)).not.toBe(200);
    }
  });
});

describe('giving a document out', () => {
  const document = versionOf(
    '1.0.0',
    documentOf(
      {
        '/accounts/{accountId}': {
          servers: [{ url: 'https://inside.bank.example' }],
          parameters: [ACCOUNT_PARAMETER],
          get: operation('getAccount', {
            security: [{ internal: ['read'] }],
            servers: [{ url: 'https://inside.bank.example' }],
          }),
          trace: operation('traceAccount'),
        },
        '/rates': {
          get: operation('getRates', {
            'x-access': 'public',
            responses: { 200: { description: 'Rates.' } },
          }),
        },
        '/b/{c}.json': { get: operation('left-out') },
      },
      {
        security: [{ internal: ['all'] }],
        components: {
          schemas: { XingyunProblem: { type: 'string' } },
          securitySchemes: { internal: { type: 'oauth2', flows: {} } },
        },
      },
    ),
    '/given',
  );

  beforeAll(async () => {
    await importAs('given', document, { lifecycle: 'draft', skipInvalid: true, version: '3.0.0' });
  });

  it('leads to the gateway, and nowhere else', async () => {
    const { headers, payload } = await give('/v1/apis/given/openapi');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    const given = JSON.parse(payload);
    expect(given.servers).toEqual([{ url: `${PUBLIC_URL}/given` }]);
    expect(given.info).toMatchObject({ title: 'Accounts', version: '3.0.0' });
    expect(payload).not.toContain('inside.bank.example');
  });

  it('has what can be called, with what the gateway asks for', async () => {
    const given = (await give('/v1/apis/given/openapi')).json();
    expect(Object.keys(given.paths)).toEqual(['/accounts/{accountId}', '/rates']);
    const { parameters, get, trace } = given.paths['/accounts/{accountId}'];
    expect(parameters).toEqual([ACCOUNT_PARAMETER]);
    expect(trace).toBeUndefined();
    expect(get).toMatchObject({ operationId: 'getAccount', 'x-required-scopes': ['read'] });
    expect(get.security).toBeUndefined();
    expect(given.security).toEqual([{ xingyunSignature: [] }]);
    expect(given.paths['/rates'].get.security).toEqual([{}, { xingyunSignature: [] }]);
    const { xingyunSignature } = given.components.securitySchemes;
    expect(xingyunSignature['x-http-message-signature'].covers).toEqual(['@method', '@target-uri']);
  });

  it('describes the gateway’s errors under a name of their own', async () => {
    const given = (await give('/v1/apis/given/openapi')).json();
    expect(given.paths['/rates'].get.responses.default).toEqual({
      $ref: '#/components/responses/XingyunProblem_',
    });
    expect(given.components.schemas.XingyunProblem).toEqual({ type: 'string' });
    expect(given.components.schemas.XingyunProblem_.required).toContain('code');
    // What the bank describes stays as it is.
    expect(given.paths['/accounts/{accountId}'].get.responses.default).not.toHaveProperty('$ref');
  });

  it.each([
    ['application/yaml', 'application/yaml'],
    ['text/yaml;q=0.9, application/json', 'application/yaml'],
    ['application/json, application/yaml', 'application/json'],
    ['*/*', 'application/json'],
  ])('answers Accept: %s with %s', async (accept, type) => {
    const { headers, payload } = await give('/v1/apis/given/openapi', accept);
    expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
    expect(parse(payload)).toEqual((await give('/v1/apis/given/openapi')).json());
  });

  it('has none for APIs without one', async () => {
    const answer = await give('/v1/apis/nobody/openapi');
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'document-missing']);
  });
});

describe('searching', () => {
  it('finds what was imported, and what changes', async () => {
    const found = async (q: string) => {
      const answer = await give(`/v1/search?q=${encodeURIComponent(q)}`);
      return answer.json().items.map(({ id }: { id: string }) => id);
    };
    await importAs(
      'found',
      versionOf('1.0.0', documentOf({ '/a': { get: operation('zebra') } }), '/f'),
    );
    expect(await found('zeb')).toEqual(['found.zebra']);
    await importAs(
      'found',
      versionOf('2.0.0', documentOf({ '/a': { get: operation('yak') } }), '/f'),
    );
    expect(await found('zeb')).toEqual([]);
    expect(await found('yak')).toEqual(['found.yak']);
  });

  it('refuses questions without words, and limits beyond the limit', async () => {
    expect((await give('/v1/search')).statusCode).toBe(400);
    expect((await give('/v1/search?q=a&limit=101')).statusCode).toBe(400);
    expect((await give('/v1/search?q=%2F')).json()).toEqual({ items: [], total: 0 });
  });
});
