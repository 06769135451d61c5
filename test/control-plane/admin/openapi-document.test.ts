import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { RECORD_KINDS } from '../../../src/control-plane/registry/kinds.ts';
import type { AdminUnderTest } from './admin-fixture.ts';
import { startWhole } from './whole-listener.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

// biome-ignore lint/suspicious/noExplicitAny: a document is looked at from many sides
async function fetchDocument(admin: AdminUnderTest): Promise<any> {
  const { status, headers, body } = await admin.call('/v1/openapi.json', { as: '' });
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
  return body;
}

function operationsOf(document: { paths: Record<string, Record<string, Operation>> }) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...{ name: `${method.toUpperCase()} ${path}`, operation },
    })),
  );
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const document = await fetchDocument(await startWhole());
    expect(document.openapi).toBe('3.1.0');
    const { valid, errors } = await new Validator().validate(document);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('has every route of the listener but HEAD, which is as GET', async () => {
    const admin = await startWhole();
    const names = operationsOf(await fetchDocument(admin)).map(({ name }) => name);
    const routes = admin.listener.routes
      // A WebSocket is beyond OpenAPI.
      .filter(({ method, url }) => method !== 'HEAD' && url !== '/v1/live')
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    expect(names.sort()).toEqual(routes.sort());
  });

  it('names every operation once, says what it does, for whom, and how it is refused', async () => {
    const admin = await startWhole();
    const operations = operationsOf(await fetchDocument(admin));
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids.filter(id => !/^[a-z][A-Za-z]+$/.test(id ?? ''))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name, operation } of operations) {
      expect(operation.summary, name).toMatch(/\.$/);
      expect(operation.tags, name).toHaveLength(1);
      const refusal = operation.responses.default!.content;
      expect(Object.keys(refusal ?? {}), name).toEqual(['application/problem+json']);
      expect(
        Object.keys(operation.responses).some(status => status < '400'),
        name,
      ).toBe(true);
      const [path] = name.split(' ').slice(1);
      const wanted = [...path!.matchAll(/\{(\w+)\}/g)].map(([, part]) => part);
      const given = (operation.parameters ?? []).filter(parameter => parameter.in === 'path');
      expect(
        given.map(parameter => parameter.name),
        name,
      ).toEqual(wanted);
    }
  });

  it('says which ways in there are', async () => {
    const admin = await startWhole();
    const byName = new Map(
      operationsOf(await fetchDocument(admin)).map(({ name, operation }) => [name, operation]),
    );
    const both = [{ bearer: [] }, { signature: [] }];
    expect(byName.get('GET /v1/openapi.json')!.security).toEqual([]);
    expect(byName.get('GET /healthz')!.security).toEqual([{}, ...both]);
    expect(byName.get('POST /v1/events')!.security).toEqual([{ bearer: [] }]);
    for (const { method, url, roles } of admin.listener.routes) {
      if (roles === undefined || method === 'HEAD') continue;
      const operation = byName.get(`${method} ${url.replace(/:(\w+)/g, '{$1}')}`)!;
      expect(operation.security, url).toEqual(both);
      expect(operation.description, url).toContain('Roles: ');
    }
  });

  it('has a schema of each kind, in which what has a default may be left out', async () => {
    const { components } = await fetchDocument(await startWhole());
    const names = Object.keys(components.schemas);
    for (const { kind } of RECORD_KINDS) {
      expect(names).toContain(kind[0]!.toUpperCase() + kind.slice(1));
    }
    const { Partner, Key } = components.schemas;
    expect(Partner.required).toEqual(['id', 'name', 'class']);
    expect(Partner.additionalProperties).toBe(false);
    expect(Partner.properties.meta).toEqual({ $ref: '#/components/schemas/Meta' });
    expect(Key.properties.secret.description).toContain('never shown');
    expect(JSON.stringify(components)).not.toContain('"form"');
  });

  it('is the same for everybody, with nothing of the registry in it', async () => {
    const [one, other] = [await startWhole(), await startWhole()];
    await one.seed({ partners: [{ id: 'secret-partner', name: 'X', class: 'data-provider' }] });
    expect(await fetchDocument(one)).toEqual(await fetchDocument(other));
  });
});
