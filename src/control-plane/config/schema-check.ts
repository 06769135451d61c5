/** Checks a YAML file against a TypeBox schema and says in plain words what does not fit. */
import { Ajv, type ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import type { ProblemList } from './config-error.ts';
import type { OptionPath, YamlSource } from './yaml-source.ts';

/** Returns `source.value` with its defaults filled in, or undefined after it added problems. */
export type SchemaCheck<T> = (source: YamlSource, problems: ProblemList) => T | undefined;

/**
 * Compiles a schema. A pattern is explained by the keyword `form` beside it, a noun phrase: a
 * regular expression tells an operator nothing.
 */
export function createSchemaCheck<S extends TSchema>(schema: S): SchemaCheck<Static<S>> {
  const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strict: true });
  ajv.addVocabulary(['form']);
  const validate = ajv.compile<Static<S>>(schema);
  return (source, problems) => {
    const value = source.value ?? {};
    if (validate(value)) return value;
    for (const error of validate.errors!) {
      // 'if', 'anyOf' and the like repeat what their branches say; these schemas have none.
      const path = pathOf(error, value);
      problems.add(source.problem(path, messageOf(error)));
    }
    return undefined;
  };
}

/** The option's path: a JSON Pointer (RFC 6901) whose steps into lists are numbers. */
function pathOf(error: ErrorObject, root: unknown): OptionPath {
  const path: (string | number)[] = [];
  let at: unknown = root;
  for (const part of error.instancePath.split('/').slice(1)) {
    const step = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(at) ? Number(step) : step);
    at = (at as Record<string, unknown>)[step];
  }
  if (error.keyword === 'additionalProperties') path.push(error.params.additionalProperty);
  if (error.keyword === 'required') path.push(error.params.missingProperty);
  return path;
}

interface ParentSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly type?: string;
  readonly form?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a section with options',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
};

function messageOf(error: ErrorObject): string {
  const parent = error.parentSchema as ParentSchema;
  switch (error.keyword) {
    case 'additionalProperties':
      return `is unknown; known here: ${Object.keys(parent.properties ?? {}).join(', ')}`;
    case 'required':
      return 'is missing';
    case 'type':
      return `must be ${TYPE_NAMES[parent.type ?? ''] ?? parent.type}`;
    case 'enum':
      return `must be one of ${(error.params.allowedValues as string[]).join(', ')}`;
    case 'minimum':
    case 'maximum':
      return `must be from ${parent.minimum} to ${parent.maximum}, not ${error.data}`;
    case 'pattern':
      return `must be ${parent.form ?? `text that matches ${error.params.pattern}`}`;
    case 'uniqueItems':
      return `must not have the same item twice (items ${error.params.j} and ${error.params.i})`;
    default:
      return error.message ?? 'does not fit the schema';
  }
}
