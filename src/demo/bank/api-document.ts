/** The bank's OpenAPI documents: the one place that says what a valid body is. */
import { readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

export const DEMO_APIS = ['accounts', 'transfers', 'invoices', 'sandbox'] as const;
export type DemoApi = (typeof DEMO_APIS)[number];

export function apiDocumentFile(api: DemoApi): URL {
  return new URL(`../openapi/${api}.yaml`, import.meta.url);
}

export function readApiDocument(api: DemoApi): Record<string, unknown> {
  return parse(readFileSync(apiDocumentFile(api), 'utf8')) as Record<string, unknown>;
}

/**
 * Compiles schemas out of the documents.
 * `format` is left to the code: Ajv checks formats only with a further package.
 */
export class SchemaCompiler {
  // Not strict, because a document holds OpenAPI keywords around its schemas.
  private readonly ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });

  constructor(apis: readonly DemoApi[] = DEMO_APIS) {
    for (const api of apis) {
      this.ajv.addSchema(readApiDocument(api), api, false, false);
    }
  }

  /** @param pointer JSON pointer into the document, with its leading slash */
  compile(api: DemoApi, pointer: string): ValidateFunction {
    return this.ajv.compile({ $ref: `${api}#${pointer}` });
  }
}
