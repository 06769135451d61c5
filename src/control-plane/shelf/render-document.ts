/**
 * The document as partners get it: at the gateway's address, with the signature that the gateway
 * asks for and the errors that it answers, and without what cannot be called through it.
 */
import { stringify } from 'yaml';
import { SIGNATURE_ALGORITHMS } from '../../core/snapshot.ts';
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import type { RenderJob } from './jobs.ts';
import { isObject } from './json-object.ts';
import { isMethod } from './path-items.ts';
import { PublicCopy } from './public-copy.ts';
import { PublishedOperations } from './published-operations.ts';

const SIGNATURE_SCHEME = 'xingyunSignature';
const PROBLEM = 'XingyunProblem';

/** RFC 9421 has no type of its own in OpenAPI: a header, and the rest in an extension. */
const SIGNATURE: JsonObject = {
  type: 'apiKey',
  in: 'header',
  name: 'Signature',
  description:
    'HTTP Message Signature (RFC 9421) with Signature-Input beside it. It covers the components ' +
    'of `x-http-message-signature`; a body is covered by its Content-Digest (RFC 9530).',
  'x-http-message-signature': {
    specification: 'RFC 9421',
    headers: ['Signature-Input', 'Signature', 'Content-Digest'],
    covers: ['@method', '@target-uri'],
    coversInsteadOfTargetUri: ['@authority', '@path', '@query'],
    coversWithBody: ['content-digest'],
    parameters: ['created', 'nonce', 'keyid'],
    algorithms: [...SIGNATURE_ALGORITHMS],
  },
};

const PROBLEM_SCHEMA: JsonObject = {
  type: 'object',
  description: 'A problem of the gateway (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string', description: 'Its page, `/problems/<code>`.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', description: 'What a program decides by.' },
    requestId: { type: 'string', description: 'What to name when asking about it.' },
  },
};

export function renderDocument({ text, api, publicUrl, format }: RenderJob): string {
  const document = JSON.parse(text) as JsonObject;
  const names = freeNames(document);
  const basePath = String(api.basePath);
  const published = new PublishedOperations(document, api);
  const copy = new PublicCopy(document, published);
  const paths = pathsOf(published, copy, names);
  const { paths: _paths, components, security: _security, ...rest } = document;
  const kept = copy.object(rest, 'document');
  const rendered = {
    ...kept,
    info: { ...(isObject(kept.info) ? kept.info : {}), version: String(api.version) },
    servers: [{ url: basePath === '/' ? publicUrl : publicUrl + basePath }],
    security: [{ [names.scheme]: [] }],
    paths,
    components: componentsOf(isObject(components) ? components : {}, copy, names),
  };
  return format === 'json' ? JSON.stringify(rendered) : stringify(rendered, YAML_STYLE);
}

/** One object at two places is written twice, as in JSON. */
const YAML_STYLE = { aliasDuplicateObjects: false, lineWidth: 100 } as const;

interface Names {
  readonly scheme: string;
  readonly problem: string;
}

/** Names that the document does not use for something else. */
function freeNames({ components }: JsonObject): Names {
  const taken = new Set<string>();
  for (const group of Object.values(isObject(components) ? components : {})) {
    for (const name of Object.keys(isObject(group) ? group : {})) taken.add(name);
  }
  const free = (name: string): string => (taken.has(name) ? free(`${name}_`) : name);
  return { scheme: free(SIGNATURE_SCHEME), problem: free(PROBLEM) };
}

/** Each `security` is replaced, so that the schemes of the document are nobody's any more. */
function componentsOf(
  { securitySchemes: _schemes, pathItems: _pathItems, ...given }: JsonObject,
  copy: PublicCopy,
  { scheme, problem }: Names,
): JsonObject {
  const kept = copy.object(given, 'components');
  const moved = copy.moved();
  const group = (name: string) => ({
    ...(isObject(kept[name]) ? kept[name] : {}),
    ...Object.fromEntries(moved.get(name) ?? []),
  });
  const schema = { $ref: `#/components/schemas/${problem}` };
  const response = {
    description: 'A problem of the gateway, or of the bank behind it.',
    content: { 'application/problem+json': { schema } },
  };
  return {
    ...kept,
    ...Object.fromEntries([...moved.keys()].map(name => [name, group(name)])),
    schemas: { ...group('schemas'), [problem]: PROBLEM_SCHEMA },
    responses: { ...group('responses'), [problem]: response },
    securitySchemes: { [scheme]: SIGNATURE },
  };
}

/** In the order of the document; two spellings of one path are one operation. */
function pathsOf(published: PublishedOperations, copy: PublicCopy, names: Names): JsonObject {
  const paths = new Map<string, Record<string, JsonValue>>();
  for (const { found, record } of published.all()) {
    const { path, method, value, item } = found;
    let shown = paths.get(path);
    if (shown === undefined) {
      const members = Object.entries(item.value).filter(([name]) => !isMethod(name));
      shown = { ...copy.object(Object.fromEntries(members), 'pathItem') };
      paths.set(path, shown);
    }
    shown[method] = operationOf(copy.object(value, 'operation'), record, names);
  }
  return Object.fromEntries(paths);
}

function operationOf(value: JsonObject, record: JsonObject, names: Names): JsonObject {
  const { security: _security, ...kept } = value;
  const responses = isObject(value.responses) ? value.responses : {};
  const problem = { $ref: `#/components/responses/${names.problem}` };
  return {
    ...kept,
    operationId: String(record.id),
    responses: 'default' in responses ? responses : { ...responses, default: problem },
    'x-required-scopes': record.scopes ?? [],
    ...(record.access === 'public' ? { security: [{}, { [names.scheme]: [] }] } : {}),
  };
}
