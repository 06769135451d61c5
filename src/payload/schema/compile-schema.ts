/**
 * JSON Schema 2020-12 turned into the text of a function, once, where a registry is loaded: fronts
 * and workers evaluate it without the compiler.
 */
import { createRequire } from 'node:module';
import { _, Ajv2020, type CodeKeywordDefinition, Name, type Options } from 'ajv/dist/2020.js';
import type { JsonValue } from '../payload-fault.ts';
import { areUnique } from './unique-items.ts';

const require = createRequire(import.meta.url);
const standaloneCode: typeof import('ajv/dist/standalone/index.js').default =
  require('ajv/dist/standalone').default;
const addFormats: typeof import('ajv-formats').default = require('ajv-formats').default;

/** Of its JSON text. */
export const SCHEMA_MAX_CHARACTERS = 262_144;
/** What OpenAPI 3.1 adds (section 4.8.24), and says nothing about values. */
const ANNOTATIONS = ['example', 'discriminator', 'externalDocs', 'xml'];
/** Of {@link areUnique}, where the text of a validator is evaluated. */
const NAME = new Name('areUnique');

/**
 * `uniqueItems` (JSON Schema 2020-12 validation, section 6.4.3) in the place of ajv's own, which
 * compares each object or list with every other: 20,000 took 7.5 s, and take a hundredth so.
 */
const UNIQUE_ITEMS: CodeKeywordDefinition = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must NOT have duplicate items' },
  code(context) {
    if (context.schema !== true) return;
    const { gen, data } = context;
    const check = gen.scopeValue('func', { ref: areUnique, code: _`${NAME}` });
    context.pass(_`${check}(${data})`);
  },
};

/** Holds the schema of schemas compiled, which takes longer than most schemas. */
let ofSchemas: Ajv2020 | undefined;

/** The texts of two validators: `first` stops at what is wrong first, `all` goes on. */
export interface SchemaCode {
  readonly first: string;
  readonly all: string;
}

/**
 * @throws Error whose message says what is wrong with the schema: a keyword that does not exist, a
 *   reference that leaves it, a pattern that is none
 */
export function compileSchema(schema: JsonValue): SchemaCode {
  if (JSON.stringify(schema).length > SCHEMA_MAX_CHARACTERS) {
    throw new Error(`a schema may have ${SCHEMA_MAX_CHARACTERS} characters`);
  }
  ofSchemas ??= createAjv({ code: { optimize: false } });
  ofSchemas.validateSchema(schema as object, true);
  return { first: codeOf(schema, false), all: codeOf(schema, true) };
}

function codeOf(schema: JsonValue, allErrors: boolean): string {
  const ajv = createAjv({
    allErrors,
    code: { source: true },
    // By `ofSchemas`, once.
    validateSchema: false,
  });
  ajv.addVocabulary([...ANNOTATIONS, ...extensionsOf(schema)]);
  return standaloneCode(ajv, ajv.compile(schema as object));
}

function createAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({
    // A word that is misspelt would allow what it was to forbid; how types are written is taste.
    ...{ strictSchema: true, strictTypes: false, strictTuples: false, strictRequired: false },
    ...options,
  });
  addFormats(ajv);
  ajv.removeKeyword(UNIQUE_ITEMS.keyword as string);
  ajv.addKeyword(UNIQUE_ITEMS);
  return ajv;
}

/** Members that are named `x-…`, wherever they stand. */
function extensionsOf(schema: JsonValue, found = new Set<string>()): Set<string> {
  if (typeof schema !== 'object' || schema === null) return found;
  for (const [name, member] of Object.entries(schema)) {
    if (name.startsWith('x-')) found.add(name);
    extensionsOf(member, found);
  }
  return found;
}
