/** What an OpenAPI 3.1 document says of an operation's payloads, as its record has it. */
import type { JsonObject, JsonValue } from '../../stores/registry-contract.ts';
import type { PayloadDefinition } from './payload-schema.ts';

/** Which payloads are held against the schemas that the document has for them anyway. */
export const VALIDATIONS = ['none', 'request', 'answer', 'both'] as const;

/** A document may write parameters behind it. */
const JSON_CONTENT = /^\s*application\/json\s*(?:;|$)/i;
const SUCCESS = /^2(?:\d\d|XX)$/;
/** Of references from one to the next. */
const HOPS_MAX = 16;

/**
 * Undefined where payloads pass as they are. `x-validate` stands at the operation or, for all of
 * them, at the top of the document; `x-payload` is the record's `payload`, and comes before it.
 */
export function payloadOfDocument(
  document: JsonObject,
  operation: JsonObject,
): PayloadDefinition | undefined {
  const given = (operation['x-payload'] ?? {}) as PayloadDefinition;
  const request = isWanted('request', document, operation)
    ? requestSchema(document, operation)
    : undefined;
  const answer = isWanted('answer', document, operation)
    ? answerSchema(document, operation)
    : undefined;
  const definition = {
    ...given,
    ...(request === undefined ? {} : { request: { schema: request, ...given.request } }),
    ...(answer === undefined ? {} : { answer: { schema: answer, ...given.answer } }),
  };
  return Object.keys(definition).length === 0 ? undefined : definition;
}

/**
 * Why what the document wants to be held against a schema would pass unseen, as a verb phrase about
 * the operation's `x-validate`; undefined where it would not.
 */
export function validationFault(document: JsonObject, operation: JsonObject): string | undefined {
  const validation = validationOf(document, operation);
  if (!(VALIDATIONS as readonly JsonValue[]).includes(validation)) {
    return `must be one of ${VALIDATIONS.join(', ')}`;
  }
  const given = (operation['x-payload'] ?? {}) as PayloadDefinition;
  const direction = (['request', 'answer'] as const).find(each => {
    if (!isWanted(each, document, operation) || given[each]?.schema !== undefined) return false;
    return each === 'request'
      ? isRequestUnseen(document, operation)
      : isAnswerUnseen(document, operation);
  });
  if (direction === undefined) return undefined;
  const where = direction === 'request' ? 'requestBody' : 'a response of 2xx';
  return [
    `wants each ${direction} held against a schema, and there is none:`,
    `give ${where} a schema for application/json, name one in x-payload.${direction}.schema,`,
    `or take the ${direction} out of x-validate`,
  ].join(' ');
}

/** What says nothing of a body has none, unless it is wanted of this operation and nothing else. */
function isRequestUnseen(document: JsonObject, operation: JsonObject): boolean {
  if (operation.requestBody === undefined) return operation['x-validate'] === 'request';
  return jsonSchemaOf(document, operation.requestBody) === undefined;
}

function isAnswerUnseen(document: JsonObject, operation: JsonObject): boolean {
  const responses = successes(operation);
  if (responses.some(response => jsonSchemaOf(document, response) !== undefined)) return false;
  const isOnlyWish = operation['x-validate'] === 'answer';
  return isOnlyWish || responses.some(response => mayHaveBody(document, response));
}

/** What a reference leads nowhere to may be anything. */
function mayHaveBody(document: JsonObject, response: JsonValue): boolean {
  const found = resolve(document, response);
  return found === undefined || Object.keys(Object(found.content)).length > 0;
}

function validationOf(document: JsonObject, operation: JsonObject): JsonValue {
  return operation['x-validate'] ?? document['x-validate'] ?? 'none';
}

function isWanted(
  direction: 'request' | 'answer',
  document: JsonObject,
  operation: JsonObject,
): boolean {
  const validation = validationOf(document, operation);
  return validation === direction || validation === 'both';
}

function successes({ responses }: JsonObject): JsonValue[] {
  return Object.entries((responses ?? {}) as JsonObject)
    .filter(([status]) => SUCCESS.test(status))
    .map(([, response]) => response);
}

function requestSchema(document: JsonObject, operation: JsonObject): JsonObject | undefined {
  const schema = jsonSchemaOf(document, operation.requestBody);
  return schema && embedded(document, schema);
}

/** Where answers differ by their status, whatever one of them may be. */
function answerSchema(document: JsonObject, operation: JsonObject): JsonObject | undefined {
  const schemas = successes(operation)
    .map(response => jsonSchemaOf(document, response))
    .filter(schema => schema !== undefined);
  const [only] = schemas;
  if (only === undefined) return undefined;
  const same = schemas.every(schema => JSON.stringify(schema) === JSON.stringify(only));
  return embedded(document, same ? only : { anyOf: schemas });
}

function jsonSchemaOf(document: JsonObject, holder: JsonValue | undefined): JsonObject | undefined {
  const { content } = (resolve(document, holder) ?? {}) as { readonly content?: JsonObject };
  const json = Object.entries(content ?? {}).find(([type]) => JSON_CONTENT.test(type))?.[1];
  const { schema } = (json ?? {}) as { readonly schema?: JsonValue };
  return isObject(schema) ? schema : undefined;
}

/** Follows references within the document; undefined where they lead nowhere. */
function resolve(document: JsonObject, value: JsonValue | undefined): JsonObject | undefined {
  let at = value;
  for (let hop = 0; hop < HOPS_MAX && isObject(at); hop++) {
    if (typeof at.$ref !== 'string') return at;
    at = at.$ref.startsWith('#/') ? lookUp(document, at.$ref) : undefined;
  }
  return undefined;
}

function lookUp(document: JsonObject, reference: string): JsonValue | undefined {
  let at: JsonValue | undefined = document;
  for (const part of reference.slice(2).split('/')) {
    const step = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }
  return at;
}

/**
 * A schema that stands alone: what it refers to in the document lies in its `$defs`. A reference
 * that leads nowhere stays, and is refused where the schema is compiled.
 */
function embedded(document: JsonObject, schema: JsonObject): JsonObject {
  const names = new Map<string, string>();
  const definitions: Record<string, JsonValue> = {};
  const rewrite = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (!isObject(value)) return value;
    const copy = Object.entries(value).map(([name, member]) => [name, rewrite(member)] as const);
    const { $ref } = value;
    if (typeof $ref !== 'string') return Object.fromEntries(copy);
    return Object.fromEntries([...copy, ['$ref', `#/$defs/${nameOf($ref)}`]]);
  };
  const nameOf = (reference: string): string => {
    let name = names.get(reference);
    if (name !== undefined) return name;
    name = `s${names.size}`;
    names.set(reference, name);
    const target = reference.startsWith('#/') ? lookUp(document, reference) : undefined;
    // Itself, so that the compiler says which reference leads nowhere.
    definitions[name] = target === undefined ? { $ref: reference } : rewrite(target);
    return name;
  };
  const root = rewrite(schema) as JsonObject;
  return names.size === 0 ? root : { ...root, $defs: definitions };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
