import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkStyle } from '../../../src/control-plane/shelf/style/check-style.ts';
import { gradeOf, type RuleCount } from '../../../src/control-plane/shelf/style/grade.ts';
import { RULES } from '../../../src/control-plane/shelf/style/ruleset.ts';
import type { JsonObject } from '../../../src/stores/registry-contract.ts';
import { ACCOUNT_PARAMETER, ACCOUNTS, documentOf, operation, read } from './shelf-fixture.ts';

const check = (document: JsonObject, operations = 1) => checkStyle(read(document), operations);

/** `rule /pointer` of every finding. */
async function found(document: JsonObject): Promise<string[]> {
  const { findings } = await check(document);
  return findings.map(({ rule, pointer }) => `${rule} ${pointer}`);
}

const json = (schema: JsonObject) => ({ 'application/json': { schema, example: {} } });
const query = (name: string) => ({ name, in: 'query', description: 'x', schema: {} });

/** A document with one operation that breaks a rule, and where it is found. */
const BREACHES: Readonly<Record<string, readonly [JsonObject, string]>> = {
  'server-https': [{ ...ACCOUNTS, servers: [{ url: 'http://bank.example' }] }, '/servers/0/url'],
  'query-secret': [
    documentOf({ '/a': { get: operation('a', { parameters: [query('access_token')] }) } }),
    '/paths/~1a/get/parameters/0',
  ],
  'error-problem': [
    documentOf({
      '/a': { get: operation('a', { responses: { 200: {}, 404: { content: json({}) } } }) },
    }),
    '/paths/~1a/get/responses/404',
  ],
  'path-parameter': [documentOf({ '/a/{b}': { get: operation('a') } }), '/paths/~1a~1{b}/get'],
  'write-idempotency': [documentOf({ '/a': { post: operation('a') } }), '/paths/~1a/post'],
  'list-pagination': [
    documentOf({
      '/a': {
        get: operation('a', {
          parameters: [query('limit')],
          responses: {
            200: { description: 'x', content: json({ properties: { items: { type: 'array' } } }) },
            default: { content: { 'application/problem+json': {} } },
          },
        }),
      },
    }),
    '/paths/~1a/get',
  ],
  'path-kebab-case': [documentOf({ '/a_b': { get: operation('a') } }), '/paths/~1a_b'],
  'property-camel-case': [
    { ...ACCOUNTS, components: { schemas: { A: { properties: { account_id: {}, ok: {} } } } } },
    '/components/schemas/A/properties/account_id',
  ],
  'operation-id-style': [
    documentOf({ '/a': { get: operation('List_A') } }),
    '/paths/~1a/get/operationId',
  ],
  'operation-summary': [
    documentOf({ '/a': { get: operation('a', { summary: '' }) } }),
    '/paths/~1a/get',
  ],
  'parameter-description': [
    documentOf({
      '/a': { get: operation('a', { parameters: [{ name: 'b', in: 'query', schema: {} }] }) },
    }),
    '/paths/~1a/get/parameters/0',
  ],
  'body-example': [
    documentOf({
      '/a': {
        put: operation('a', { requestBody: { content: { 'application/json': { schema: {} } } } }),
      },
    }),
    '/paths/~1a/put/requestBody/content/application~1json',
  ],
  'operation-operationId-unique': [
    documentOf({ '/a': { get: operation('a') }, '/b': { get: operation('a') } }),
    '/paths/~1b/get/operationId',
  ],
  'path-not-include-query': [documentOf({ '/a?b': { get: operation('a') } }), '/paths/~1a?b'],
  'path-keys-no-trailing-slash': [documentOf({ '/a/': { get: operation('a') } }), '/paths/~1a~1'],
  'operation-success-response': [
    documentOf({
      '/a': {
        get: operation('a', {
          responses: { default: { content: { 'application/problem+json': {} } } },
        }),
      },
    }),
    '/paths/~1a/get/responses',
  ],
  'typed-enum': [
    { ...ACCOUNTS, components: { schemas: { A: { type: 'string', enum: ['a', 1] } } } },
    '/components/schemas/A/enum/1',
  ],
  'duplicated-entry-in-enum': [
    { ...ACCOUNTS, components: { schemas: { A: { type: 'string', enum: ['a', 'a'] } } } },
    '/components/schemas/A/enum',
  ],
  'no-$ref-siblings': [
    {
      ...ACCOUNTS,
      openapi: '3.0.3',
      components: { schemas: { A: { $ref: '#/components/schemas/B', type: 'string' }, B: {} } },
    },
    '/components/schemas/A/type',
  ],
  'info-description': [{ ...ACCOUNTS, info: { title: 'A', version: '1.0.0' } }, '/info'],
  'oas3-api-servers': [{ ...ACCOUNTS, servers: [] }, '/servers'],
};

describe('the bank’s standard', () => {
  it('finds nothing in a document that keeps it', async () => {
    expect(await check(ACCOUNTS)).toEqual({
      grade: 'A',
      score: 100,
      blocked: false,
      rules: [],
      findings: [],
    });
  });

  it.each(Object.keys(RULES))('has a breach of %s, which is found where it is', async rule => {
    const [document, pointer] = BREACHES[rule]!;
    expect(await found(document)).toContain(`${rule} ${pointer}`);
  });

  it('asks for keys in queries nowhere', async () => {
    const scheme = { type: 'apiKey', in: 'query', name: 'k' };
    const document = { ...ACCOUNTS, components: { securitySchemes: { key: scheme } } };
    expect(await found(document)).toEqual(['query-secret /components/securitySchemes/key']);
  });

  it('takes the word of references, of paths and of header names in any case', async () => {
    const document = documentOf(
      {
        '/a/{accountId}': {
          parameters: [{ $ref: '#/components/parameters/Id' }],
          post: operation('a', {
            parameters: [{ name: 'idempotency-key', in: 'header', description: 'x', schema: {} }],
          }),
        },
      },
      { components: { parameters: { Id: ACCOUNT_PARAMETER } } },
    );
    expect(await found(document)).toEqual([]);
  });

  it('leaves examples and extensions alone', async () => {
    const schemas = {
      A: {
        type: 'object',
        example: { properties: { b_c: {} } },
        'x-a': { in: 'query', name: 'token' },
      },
    };
    expect(await found({ ...ACCOUNTS, components: { schemas } })).toEqual([]);
  });

  it('looks at operations behind the references of their paths', async () => {
    const item = {
      parameters: [query('limit')],
      get: { operationId: 'same', responses: { 500: { $ref: '#/components/responses/E' } } },
    };
    const document = documentOf(
      {
        '/a/{b}': { $ref: '#/components/pathItems/A' },
        '/c': { post: operation('same') },
      },
      { components: { pathItems: { A: item }, responses: { E: { description: 'x' } } } },
    );
    const { findings, blocked } = await check(document, 2);
    expect(blocked).toBe(true);
    expect(findings.filter(({ blocking }) => blocking)).toMatchObject([
      { rule: 'error-problem', pointer: '/components/pathItems/A/get/responses/500' },
      { rule: 'path-parameter', pointer: '/components/pathItems/A/get' },
      { rule: 'operation-operationId-unique', pointer: '/paths/~1c/post/operationId' },
    ]);
    expect(findings.map(({ rule, pointer }) => `${rule} ${pointer}`)).toEqual(
      expect.arrayContaining([
        'operation-summary /components/pathItems/A/get',
        'operation-success-response /components/pathItems/A/get/responses',
      ]),
    );
  });

  it('looks at schemas and parameters whatever they are called', async () => {
    const components = {
      schemas: { default: { properties: { b_c: {} } } },
      parameters: { 'x-key': query('api_key') },
    };
    expect(await found({ ...ACCOUNTS, components })).toEqual([
      'query-secret /components/parameters/x-key',
      'property-camel-case /components/schemas/default/properties/b_c',
    ]);
  });

  it('is kept by the demo’s own documents, as far as it blocks', async () => {
    for (const name of ['accounts', 'invoices', 'sandbox', 'transfers']) {
      const path = new URL(`../../../src/demo/openapi/${name}.yaml`, import.meta.url);
      const report = await checkStyle(read(readFileSync(path, 'utf8')), 4);
      expect(report.blocked).toBe(false);
    }
  });

  it('counts every finding and shows the first of them, errors first', async () => {
    const paths = Array.from({ length: 80 }, (_, i) => [`/A${i}`, { post: operation(`a${i}`) }]);
    const { rules, findings } = await check(documentOf(Object.fromEntries(paths)), 80);
    expect(rules).toEqual([
      { rule: 'write-idempotency', severity: 'error', blocking: false, findings: 80 },
      { rule: 'path-kebab-case', severity: 'warn', blocking: false, findings: 80 },
    ]);
    expect(findings).toHaveLength(100);
    expect(findings[0]).toMatchObject({ severity: 'error', line: 1 });
  });

  it('follows no reference: a document of doublings is looked at at once', async () => {
    const schemas = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => {
        const $ref = `#/components/schemas/S${i + 1}`;
        return [`S${i}`, { properties: { a: { $ref }, b: { $ref } } }];
      }),
    );
    const { score } = await check({
      ...ACCOUNTS,
      components: { schemas: { ...schemas, S60: {} } },
    });
    expect(score).toBe(100);
  });
});

describe('the grade', () => {
  const count = (severity: RuleCount['severity'], findings: number, blocking = false) => {
    return { rule: 'x', severity, blocking, findings };
  };

  it.each([
    [[], 10, 'A', 100],
    [[count('error', 1)], 10, 'B', 89],
    [[count('error', 10)], 10, 'B', 80],
    [[count('warn', 10), count('info', 10)], 10, 'B', 89],
    [[count('warn', 1)], 10, 'A', 99],
    [[count('error', 1, true)], 1_000, 'D', 90],
    [Array(4).fill(count('error', 9)), 3, 'F', 20],
    [Array(9).fill(count('error', 9)), 0, 'F', 0],
  ] as const)('of %j in %i operations', (counts, operations, grade, score) => {
    expect(gradeOf(counts, operations)).toEqual({ grade, score });
  });
});
