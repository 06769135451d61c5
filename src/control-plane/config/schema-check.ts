/** Checks plain values against TypeBox schemas and says in plain words what does not fit. */
import { Ajv, type ErrorObject, type Options } from 'ajv';
import type { Static, TSchema } from 'typebox';
import type { ProblemList } from './config-error.ts';
import type { OptionPath, OptionSource } from './yaml-source.ts';

export interface Misfit {
  /** RFC 6901. */
  readonly pointer: string;
  /** A verb phrase. */
  readonly message: string;
}

/** What does not fit, in a value whose defaults have been filled in where they were absent. */
export type ValueCheck = (value: unknown) => readonly Misfit[];

/** Returns `source.value` with its defaults filled in, or undefined after it added problems. */
export type SchemaCheck<T> = (source: OptionSource, problems: ProblemList) => T | undefined;

/**
 * Half of what a start took was compiling these checks: the optimiser saves nothing where a value
 * is looked at once, and TypeBox has no way to say what the schema of schemas would refuse.
 */
const QUICK_TO_COMPILE: Options = {
  code: { optimize: false },
  inlineRefs: false,
  validateSchema: false,
};

/**
 * Compiles a schema. A pattern is explained by the keyword `form` beside it, a noun phrase: a
 * regular expression tells an operator nothing.
 */
export function createValueCheck(schema: TSchema): ValueCheck {
  const ajv = new Ajv({
    ...QUICK_TO_COMPILE,
    ...{ allErrors: true, useDefaults: true, verbose: true, strict: true },
  });
  ajv.addVocabulary(['form']);
  const validate = ajv.compile(schema);
  return value => {
    if (validate(value)) return [];
    // 'if', 'anyOf' and the like repeat what their branches say; these schemas have none.
    return validate.errors!.map(error => ({
      pointer: pointerOf(error),
      message: messageOf(error),
    }));
  };
}

/** The same for the value of a file. */
export function createSchemaCheck<S extends TSchema>(schema: S): SchemaCheck<Static<S>> {
  const check = createValueCheck(schema);
  return (source, problems) => {
    const value = source.value ?? {};
    const misfits = check(value);
    for (const { pointer, message } of misfits) {
      problems.add(source.problem(optionPath(pointer, value), message));
    }
    return misfits.length === 0 ? (value as Static<S>) : undefined;
  };
}

/** A pointer's way through a value: steps into lists become numbers. */
export function optionPath(pointer: string, root: unknown): OptionPath {
  const path: (string | number)[] = [];
  let at: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const step = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(at) ? Number(step) : step);
    at = (at as Readonly<Record<string, unknown>> | undefined | null)?.[step];
  }
  return path;
}

function pointerOf({ keyword, instancePath, params }: ErrorObject): string {
  if (keyword === 'additionalProperties') return childOf(instancePath, params.additionalProperty);
  if (keyword === 'required') return childOf(instancePath, params.missingProperty);
  return instancePath;
}

function childOf(pointer: string, name: string): string {
  return `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
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
  number: 'a number',
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
    case 'maxLength':
      return `must have at most ${error.params.limit} characters`;
    case 'maxItems':
      return `must have at most ${error.params.limit} items`;
    case 'uniqueItems':
      return `must not have the same item twice (items ${error.params.j} and ${error.params.i})`;
    default:
      return error.message ?? 'does not fit the schema';
  }
}
