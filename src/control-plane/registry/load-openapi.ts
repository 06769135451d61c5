/** Reads the operations of an OpenAPI 3.1 document; the rest of it is for people. */
import Type, { type Static } from 'typebox';
import type { MessageSignature, OperationAccess } from '../../core/snapshot.ts';
import { ConfigError, type ProblemList } from '../config/config-error.ts';
import { createSchemaCheck } from '../config/schema-check.ts';
import { type OptionPath, YamlSource } from '../config/yaml-source.ts';
import { access, messageSignature, operationId, scopes } from './schema.ts';

const OPENAPI_FILE_MAX_BYTES = 16_777_216;
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;

/** An operation as a document or the registry declares it, and where. */
export interface ReadOperation {
  readonly id: string;
  readonly method: string;
  /** Below the API's base path. */
  readonly path: string;
  readonly scopes: readonly string[];
  readonly access: OperationAccess;
  readonly messageSignature: MessageSignature;
  readonly source: YamlSource;
  readonly at: OptionPath;
}

const operation = Type.Optional(
  Type.Object({
    operationId: operationId('The operation’s id.'),
    'x-required-scopes': scopes('Scopes that a subscription must have, all of them.'),
    'x-access': access,
    'x-message-signature': messageSignature,
  }),
);

const pathItem = Type.Object({
  get: operation,
  head: operation,
  post: operation,
  put: operation,
  patch: operation,
  delete: operation,
  options: operation,
});

const checkDocument = createSchemaCheck(
  Type.Object({
    openapi: Type.String({ pattern: '^3\\.1\\.\\d+$', form: 'an OpenAPI version 3.1' }),
    paths: Type.Record(Type.String({ pattern: '^/' }), pathItem),
  }),
);

/**
 * The operations in the document's order. Adds what is wrong with it to `problems`; `reportFile`
 * hears why the file cannot be read at all.
 */
export function loadOpenApi(
  file: string,
  problems: ProblemList,
  reportFile: (message: string) => void,
): ReadOperation[] {
  const source = readSource(file, problems, reportFile);
  const document = source && checkDocument(source, problems);
  if (source === undefined || document === undefined) return [];
  const operations: ReadOperation[] = [];
  for (const [path, item] of Object.entries(document.paths)) {
    if (path.startsWith('x-')) continue;
    if (!path.startsWith('/')) {
      problems.add(source.problem(['paths', path], 'must start with /'));
      continue;
    }
    refuseUnsupported(source, path, item, problems);
    operations.push(...readPathItem(source, path, item));
  }
  if (operations.length === 0) problems.add(source.problem(['paths'], 'has no operation'));
  return operations;
}

function readSource(
  file: string,
  problems: ProblemList,
  reportFile: (message: string) => void,
): YamlSource | undefined {
  try {
    return YamlSource.read(file, OPENAPI_FILE_MAX_BYTES);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) {
      if (problem.line === 0) reportFile(`names ${problem.file}, which ${problem.message}`);
      else problems.add(problem);
    }
    return undefined;
  }
}

/** Passing over what the document says would publish less, or other, than its author expects. */
function refuseUnsupported(
  source: YamlSource,
  path: string,
  item: object,
  problems: ProblemList,
): void {
  if ('$ref' in item) {
    problems.add(source.problem(['paths', path, '$ref'], 'is not followed; write the path out'));
  }
  if ('trace' in item) {
    problems.add(source.problem(['paths', path, 'trace'], 'does not pass a gateway; remove it'));
  }
}

function readPathItem(
  source: YamlSource,
  path: string,
  item: Static<typeof pathItem>,
): ReadOperation[] {
  return METHODS.flatMap(method => {
    const found = item[method];
    if (found === undefined) return [];
    return {
      id: found.operationId,
      method: method.toUpperCase(),
      path,
      scopes: found['x-required-scopes'],
      access: found['x-access'],
      messageSignature: found['x-message-signature'],
      source,
      at: ['paths', path, method],
    };
  });
}
