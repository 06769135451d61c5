/** The program of an operation's payloads, compiled where the registry is loaded or changed. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { PayloadRecord } from '../../core/snapshot.ts';
import { compileClasses } from '../../payload/data-classes/class-tree.ts';
import { compileFieldEncryption } from '../../payload/encryption/field-encryption.ts';
import { FORMATS } from '../../payload/formats/index.ts';
import { expressionFault } from '../../payload/jsonata/index.ts';
import { mappingFaults } from '../../payload/mapping/index.ts';
import { isEncrypted } from '../../payload/payload-encryption.ts';
import type { JsonValue } from '../../payload/payload-fault.ts';
import type { DirectionSource, PayloadSource } from '../../payload/payload-program.ts';
import { compileSchema } from '../../payload/schema/compile-schema.ts';
import type { DirectionDefinition, PayloadDefinition } from './payload-schema.ts';

/** Texts of compiled programs that are kept, so that a change of one compiles no other again. */
const SOURCES_MAX_CHARACTERS = 134_217_728;
/** A program that answers each payload with an error: what was stored once cannot be compiled. */
const BROKEN = JSON.stringify({ kind: 'broken' });

const sources = new LRUCache<string, string>({
  maxSize: SOURCES_MAX_CHARACTERS,
  sizeCalculation: source => source.length,
});

/** Time of an evaluation on a busy machine; most take a thousandth of it. */
const EXPRESSION_MS = 100;

type Direction = keyof PayloadDefinition;
const DIRECTIONS: readonly Direction[] = ['request', 'answer'];

type Refuse = (pointer: string, message: string) => void;

/** Tells what is wrong with a definition; pointers are within it. */
export function checkPayload(definition: PayloadDefinition, refuse: Refuse): void {
  for (const direction of DIRECTIONS) {
    const given = definition[direction];
    if (given !== undefined) checkDirection(given, `/${direction}`, refuse);
  }
}

function checkDirection(given: DirectionDefinition, at: string, refuse: Refuse): void {
  const { schema, mapping = [], expression } = given;
  const wrong = schema === undefined ? undefined : schemaFault(schema);
  if (wrong !== undefined) refuse(`${at}/schema`, wrong);
  for (const { pointer, reason } of mappingFaults(mapping)) {
    refuse(`${at}/mapping${pointer}`, reason);
  }
  const fault = expression === undefined ? undefined : expressionFault(expression);
  if (fault !== undefined) refuse(`${at}/expression`, fault);
  const mixed = fieldsFault(given);
  if (mixed !== undefined) refuse(`${at}/encryptedFields`, mixed);
}

function fieldsFault({ encryptedFields = [] }: DirectionDefinition): string | undefined {
  try {
    compileFieldEncryption(encryptedFields);
    return undefined;
  } catch (error) {
    return `makes no sense: ${(error as Error).message}`;
  }
}

function schemaFault(schema: JsonValue): string | undefined {
  try {
    compileSchema(schema);
    compileClasses(schema);
    return undefined;
  } catch (error) {
    return `cannot be compiled: ${(error as Error).message}`;
  }
}

/** Undefined where nothing is done to payloads. */
export function payloadRecord(
  definition: PayloadDefinition | undefined,
): PayloadRecord | undefined {
  const requestType = typeOf(definition?.request);
  const answerType = typeOf(definition?.answer);
  if (requestType === undefined && answerType === undefined) return undefined;
  const text = JSON.stringify(definition);
  let source = sources.get(text);
  if (source === undefined) {
    source = sourceOf(definition!);
    sources.set(text, source);
  }
  const id = createHash('sha256').update(source).digest('base64url');
  const requestIsEnvelope = definition?.request?.encryptedBody === true;
  const answerIsEnvelope = definition?.answer?.encryptedBody === true;
  const answerNeedsKey = isEncrypted(definition?.answer ?? {});
  const envelopes = { requestIsEnvelope, answerIsEnvelope, answerNeedsKey };
  return { id, source, requestType, answerType, ...envelopes };
}

function sourceOf({ request, answer }: PayloadDefinition): string {
  try {
    const source: PayloadSource = {
      kind: 'payload',
      ...(request === undefined ? {} : { request: directionOf(request) }),
      ...(answer === undefined ? {} : { answer: answerOf(answer) }),
    };
    return JSON.stringify(source);
  } catch {
    // It was compiled before it was stored: another version of the compiler refuses it. Its calls
    // are refused and logged, as those of any program that fails.
    return BROKEN;
  }
}

function answerOf(given: DirectionDefinition): DirectionSource {
  const classes = given.schema === undefined ? undefined : compileClasses(given.schema);
  return { ...directionOf(given), ...(classes === undefined ? {} : { classes }) };
}

function directionOf(given: DirectionDefinition): DirectionSource {
  const { schema, mapping, expression: text, expressionTimeoutMs = EXPRESSION_MS } = given;
  const { upstreamFormat: format, encryptedBody, encryptedFields } = given;
  return {
    ...(format === undefined ? {} : { format }),
    ...(encryptedBody === undefined ? {} : { encryptedBody }),
    ...(encryptedFields === undefined ? {} : { encryptedFields }),
    ...(schema === undefined ? {} : { validator: compileSchema(schema) }),
    ...(mapping === undefined ? {} : { mapping }),
    ...(text === undefined ? {} : { expression: { text, timeoutMs: expressionTimeoutMs } }),
  };
}

/** Of the bank's side; undefined where there is nothing to do. */
function typeOf(direction: DirectionDefinition | undefined): string | undefined {
  if (direction === undefined || Object.keys(direction).length === 0) return undefined;
  return FORMATS[direction.upstreamFormat ?? 'json']!.mediaType;
}
