/** Reads the operations of an OpenAPI 3.1 document; the rest of it is for people. */
import Type, { type Static } from 'typebox';
import type { JsonObject } from '../../stores/registry-contract.ts';
import { ConfigError, type ProblemList } from '../config/config-error.ts';
import { createSchemaCheck, type SchemaCheck } from '../config/schema-check.ts';
import { type OptionPath, YamlSource } from '../config/yaml-source.ts';
import { payloadOfDocument, VALIDATIONS, validationFault } from './document-payload.ts';
import { type PayloadDefinition, payload } from './payload-schema.ts';
import { operationId, scopes } from './record-fields.ts';
import { type Api, access, idempotency, messageSignature } from './schema.ts';

const OPENAPI_FILE_MAX_BYTES = 16_777_216;
const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;

export type DocumentOperation = Api['operations'][number];

/** Operations as records have them, and where each stands in the document. */
export interface OpenApiOperations {
  readonly operations: readonly DocumentOperation[];
  readonly places: readonly OptionPath[];
}

const validation = Type.Optional(
  Type.Enum([...VALIDATIONS], { description: 'Which payloads must meet their schemas.' }),
);

const Operation = Type.Object({
  operationId: operationId('The operation’s id.'),
  'x-required-scopes': scopes('Scopes that a subscription must have, all of them.'),
  'x-access': access,
  'x-message-signature': messageSignature,
  'x-idempotency': idempotency,
  'x-validate': validation,
  'x-payload': payload,
});
/** One check for every method: seven copies of it took 0.1 s of a start. */
const operation = Type.Optional(
  Type.Unsafe<Static<typeof Operation>>({ $ref: '#/$defs/operation' }),
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

const DocumentSchema = Type.Object(
  {
    openapi: Type.String({ pattern: '^3\\.1\\.\\d+$', form: 'an OpenAPI version 3.1' }),
    paths: Type.Record(Type.String({ pattern: '^/' }), pathItem),
    'x-validate': validation,
  },
  { $defs: { operation: Operation } },
);

/** Compiled when a document is first read. */
let checkDocument: SchemaCheck<Static<typeof DocumentSchema>> | undefined;

/** Where a member of an operation's record stands in a document. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  id: ['operationId'],
  scopes: ['x-required-scopes'],
  access: ['x-access'],
  messageSignature: ['x-message-signature'],
  idempotency: ['x-idempotency'],
  payload: ['x-payload'],
};

/**
 * The operations in the document's order. Adds what is wrong with it to `problems`; `reportFile`
 * hears why the file cannot be read at all.
 */
export function loadOpenApi(
  file: string,
  problems: ProblemList,
  reportFile: (message: string) => void,
): OpenApiOperations {
  checkDocument ??= createSchemaCheck(DocumentSchema);
  const source = readSource(file, problems, reportFile);
  const document = source && checkDocument(source, problems);
  const operations: DocumentOperation[] = [];
  const places: OptionPath[] = [];
  if (source === undefined || document === undefined) return { operations, places };
  for (const [path, item] of Object.entries(document.paths)) {
    if (path.startsWith('x-')) continue;
    if (!path.startsWith('/')) {
      problems.add(source.problem(['paths', path], 'must start with /'));
      continue;
    }
    refuseUnsupported(source, path, item, problems);
    for (const method of METHODS) {
      const found = item[method];
      if (found === undefined) continue;
      const [whole, part] = [document as unknown as JsonObject, found as JsonObject];
      const place = ['paths', path, method];
      const fault = validationFault(whole, part);
      if (fault !== undefined) problems.add(source.problem([...place, 'x-validate'], fault));
      operations.push(operationOf(path, method, found, payloadOfDocument(whole, part)));
      places.push(place);
    }
  }
  if (operations.length === 0) problems.add(source.problem(['paths'], 'has no operation'));
  return { operations, places };
}

/** Where a member of an operation stands; `place` is the operation's. */
export function placeInDocument(
  file: string,
  place: OptionPath,
  member: string | undefined,
): { file: string; line: number; path: string } {
  const source = YamlSource.read(file, OPENAPI_FILE_MAX_BYTES);
  const path =
    member === 'path' ? place.slice(0, -1) : [...place, ...(MEMBERS[member ?? ''] ?? [])];
  const { line, path: text } = source.problem(path, '');
  return { file: source.file, line, path: text };
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

function operationOf(
  path: string,
  method: (typeof METHODS)[number],
  found: NonNullable<Static<typeof pathItem>[typeof method]>,
  payloads: PayloadDefinition | undefined,
): DocumentOperation {
  return {
    ...(payloads === undefined ? {} : { payload: payloads }),
    id: found.operationId,
    method: method.toUpperCase() as DocumentOperation['method'],
    path,
    scopes: found['x-required-scopes'],
    access: found['x-access'],
    messageSignature: found['x-message-signature'],
    idempotency: found['x-idempotency'],
  };
}
