/**
 * The document as partners get it: at the gateway's address, with the signature that the gateway
 * asks for and the errors that it answers, and without what cannot be called through it.
 */
import { stringify } from 'yaml';
import { SIGNATURE_ALGORITHMS } from '../../core/snapshot.ts';
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { keyOf } from './compare/compare-versions.ts';
import type { RenderJob } from './jobs.ts';
import { isObject } from './json-object.ts';
import { isMethod } from './path-items.ts';
import { References } from './references.ts';

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
  const { security: _security, ...kept } = document;
  const rendered = {
    ...kept,
    info: { ...(isObject(document.info) ? document.info : {}), version: String(api.version) },
    servers: [{ url: basePath === '/' ? publicUrl : publicUrl + basePath }],
    security: [{ [names.scheme]: [] }],
    paths: pathsOf(document, api, names),
    components: componentsOf(document, names),
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

function componentsOf({ components }: JsonObject, { scheme, problem }: Names): JsonObject {
  const given = isObject(components) ? components : {};
  const group = (name: string) => (isObject(given[name]) ? given[name] : {});
  const schema = { $ref: `#/components/schemas/${problem}` };
  const response = {
    description: 'A problem of the gateway, or of the bank behind it.',
    content: { 'application/problem+json': { schema } },
  };
  return {
    ...given,
    schemas: { ...group('schemas'), [problem]: PROBLEM_SCHEMA },
    responses: { ...group('responses'), [problem]: response },
    securitySchemes: { ...group('securitySchemes'), [scheme]: SIGNATURE },
  };
}

function pathsOf(document: JsonObject, api: JsonObject, names: Names): JsonObject {
  const references = new References(document);
  const published = new Map<string, JsonObject>();
  for (const operation of Array.isArray(api.operations) ? api.operations : []) {
    if (!isObject(operation)) continue;
    published.set(keyOf(String(operation.method), String(operation.path)), operation);
  }
  const paths = Object.entries(isObject(document.paths) ? document.paths : {});
  const rendered = paths.flatMap(([path, given]): [string, JsonValue][] => {
    if (path.startsWith('x-')) return [[path, given]];
    const item = references.resolve(given)?.value;
    const shown = item === undefined ? undefined : pathItemOf(path, item, published, names);
    return shown === undefined ? [] : [[path, shown]];
  });
  return Object.fromEntries(rendered);
}

/** Undefined where nothing of it is published. */
function pathItemOf(
  path: string,
  item: JsonObject,
  published: Map<string, JsonObject>,
  names: Names,
): JsonObject | undefined {
  const members = Object.entries(item).flatMap(([name, value]): [string, JsonValue][] => {
    if (name === 'servers') return [];
    if (!isMethod(name)) return [[name, value]];
    const key = keyOf(name, path);
    const record = published.get(key);
    if (record === undefined || !isObject(value)) return [];
    // Two spellings of one path are one operation.
    published.delete(key);
    return [[name, operationOf(value, record, names)]];
  });
  const hasOperation = members.some(([name]) => isMethod(name));
  return hasOperation ? Object.fromEntries(members) : undefined;
}

function operationOf(value: JsonObject, record: JsonObject, names: Names): JsonObject {
  const { servers: _servers, security: _security, ...kept } = value;
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
