/**
 * What stands where in an OpenAPI document. Under names that somebody has chosen (of schemas, of
 * properties, of headers) `default`, `example` and `x-...` are names as any other; a keyword, data
 * or an extension they are only by their place.
 */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import { isObject } from './json-object.ts';
import type { JsonPath } from './pointers.ts';

/**
 * The members of each kind of object: what stands there, `[]` behind it for lists, `{}` for maps by
 * chosen names. `*` is any other member that is no extension.
 */
const MEMBERS = {
  document: {
    info: 'about',
    servers: 'server[]',
    paths: 'paths',
    webhooks: 'pathItem{}',
    components: 'components',
    tags: 'about[]',
  },
  components: {
    schemas: 'schema{}',
    responses: 'response{}',
    parameters: 'parameter{}',
    examples: 'example{}',
    requestBodies: 'requestBody{}',
    headers: 'header{}',
    securitySchemes: 'securityScheme{}',
    links: 'link{}',
    callbacks: 'callback{}',
    pathItems: 'pathItem{}',
  },
  about: {},
  paths: { '*': 'pathItem' },
  callback: { '*': 'pathItem' },
  pathItem: {
    servers: 'server[]',
    parameters: 'parameter[]',
    get: 'operation',
    head: 'operation',
    post: 'operation',
    put: 'operation',
    patch: 'operation',
    delete: 'operation',
    options: 'operation',
    trace: 'operation',
  },
  operation: {
    servers: 'server[]',
    parameters: 'parameter[]',
    requestBody: 'requestBody',
    responses: 'responses',
    callbacks: 'callback{}',
  },
  responses: { '*': 'response' },
  response: { headers: 'header{}', content: 'media{}', links: 'link{}' },
  requestBody: { content: 'media{}' },
  parameter: { schema: 'schema', content: 'media{}', example: 'data', examples: 'example{}' },
  header: { schema: 'schema', content: 'media{}', example: 'data', examples: 'example{}' },
  media: { schema: 'schema', example: 'data', examples: 'example{}', encoding: 'encoding{}' },
  encoding: { headers: 'header{}' },
  example: { value: 'data' },
  link: { server: 'server', parameters: 'data', requestBody: 'data' },
  server: { variables: 'data' },
  securityScheme: {},
  schema: {
    properties: 'schema{}',
    patternProperties: 'schema{}',
    dependentSchemas: 'schema{}',
    $defs: 'schema{}',
    definitions: 'schema{}',
    items: 'schema',
    prefixItems: 'schema[]',
    additionalProperties: 'schema',
    unevaluatedItems: 'schema',
    unevaluatedProperties: 'schema',
    propertyNames: 'schema',
    contains: 'schema',
    allOf: 'schema[]',
    anyOf: 'schema[]',
    oneOf: 'schema[]',
    not: 'schema',
    if: 'schema',
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema; nobody awaits it.
    then: 'schema',
    else: 'schema',
    discriminator: 'discriminator',
    example: 'data',
    examples: 'data',
    default: 'data',
    enum: 'data',
    const: 'data',
  },
  discriminator: { mapping: 'data' },
  /** What no version of OpenAPI knows: all that is below it is looked at. */
  unknown: {},
} as const;

export type Shape = keyof typeof MEMBERS;

/** Of a list, or of a map by chosen names. */
type Many = `${Shape}[]` | `${Shape}{}`;
export type Place = Shape | Many;

/** Undefined: data, or an extension, where nothing means what it says. */
export function placeOf(place: Place, name: string): Place | undefined {
  if (isMany(place)) return place.slice(0, -2) as Shape;
  if (place === 'unknown') return 'unknown';
  if (name.startsWith('x-')) return undefined;
  const members: Readonly<Record<string, Place | 'data'>> = MEMBERS[place];
  const found = Object.hasOwn(members, name) ? members[name] : members['*'];
  return found === 'data' ? undefined : (found ?? 'unknown');
}

/** Of the items of a list, which stands where one of them could as well. */
export function placeOfItems(place: Place): Place {
  return place.endsWith('[]') ? (place.slice(0, -2) as Shape) : place;
}

export function isMany(place: Place): place is Many {
  return place.endsWith('[]') || place.endsWith('{}');
}

type Visit = (value: JsonObject, place: Place, path: JsonPath) => void;

/** Every object of a document that is no data, from the outside in; its depth has a limit. */
export function walkDocument(document: JsonObject, visit: Visit): void {
  walk(document, 'document', [], visit);
}

/** @param path the one of all calls; whoever keeps it copies it */
function walk(value: JsonValue, place: Place, path: (string | number)[], visit: Visit): void {
  if (Array.isArray(value)) {
    const below = placeOfItems(place);
    for (const [index, item] of value.entries()) step(item, below, index, path, visit);
    return;
  }
  if (!isObject(value)) return;
  visit(value, place, path);
  for (const [name, member] of Object.entries(value)) {
    const below = placeOf(place, name);
    if (below !== undefined) step(member, below, name, path, visit);
  }
}

function step(
  value: JsonValue,
  place: Place,
  name: string | number,
  path: (string | number)[],
  visit: Visit,
): void {
  if (typeof value !== 'object' || value === null) return;
  path.push(name);
  walk(value, place, path, visit);
  path.pop();
}
