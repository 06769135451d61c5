import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import {
  apiDocumentFile,
  DEMO_APIS,
  readApiDocument,
  SchemaCompiler,
} from '../../../src/demo/bank/api-document.ts';
import { DEMO_PARTNERS } from '../../../src/demo/partners.ts';

type Tree = { readonly [name: string]: Tree } & { readonly examples?: readonly unknown[] };

function operationsOf(document: unknown): Record<string, unknown>[] {
  const { paths } = document as { paths: Record<string, Record<string, unknown>> };
  return Object.values(paths)
    .flatMap(item => [item.get, item.post])
    .filter(operation => operation !== undefined) as Record<string, unknown>[];
}

describe.each(DEMO_APIS)('the document of %s', api => {
  const document = readApiDocument(api);

  it('follows OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(fileURLToPath(apiDocumentFile(api)));
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('names every operation and its scopes', () => {
    const operations = operationsOf(document);
    expect(operations.length).toBeGreaterThan(0);
    for (const operation of operations) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation['x-required-scopes']).toHaveLength(1);
      expect(operation.responses).toHaveProperty('default');
    }
  });

  it('has examples that follow their own schemas', () => {
    const compiler = new SchemaCompiler();
    const { schemas } = (document as unknown as Tree).components!;
    let checked = 0;
    for (const [name, schema] of Object.entries(schemas as Record<string, Tree>)) {
      const validate = compiler.compile(api, `/components/schemas/${name}`);
      for (const example of schema.examples ?? []) {
        expect(validate(example), `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(0);
  });
});

it('orders that move money are signed each by itself over WebSocket, and only they', () => {
  const required = DEMO_APIS.flatMap(api => operationsOf(readApiDocument(api)))
    .filter(operation => operation['x-message-signature'] === 'required')
    .map(({ operationId }) => operationId);
  expect(required).toEqual(['createTransfer', 'applyForFinancing']);
});

it('every scope that a subscription grants is asked for by an operation', () => {
  const asked = new Set(
    DEMO_APIS.flatMap(api => operationsOf(readApiDocument(api))).flatMap(
      operation => operation['x-required-scopes'] as string[],
    ),
  );
  const granted = DEMO_PARTNERS.flatMap(({ subscriptions }) =>
    subscriptions.flatMap(({ scopes }) => scopes),
  );
  expect(new Set(granted)).toEqual(asked);
});
