/** Runs the validators that compile-schema.ts wrote. */
import { createRequire } from 'node:module';
import { PayloadFault } from '../payload-fault.ts';
import type { SchemaCode } from './compile-schema.ts';
import { areUnique } from './unique-items.ts';

/** An error as ajv's code leaves it (JSON Schema 2020-12 core, section 12.3). */
interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

interface ValidateFunction {
  (payload: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

/** A longer payload has its first error told: each of its million members could be another. */
const ALL_ERRORS_MAX_BYTES = 16_384;
const FAULTS_MAX = 16;

const require = createRequire(import.meta.url);

export class Validator {
  private readonly code: SchemaCode;
  private readonly first: ValidateFunction;
  /** Made when a payload is wrong first. */
  private all: ValidateFunction | undefined;

  constructor(code: SchemaCode) {
    this.code = code;
    this.first = evaluate(code.first);
  }

  /**
   * `bytes` is how long the payload was.
   * @throws PayloadFault with the pointer of each place that the schema does not allow
   */
  check(payload: unknown, bytes: number): void {
    if (this.first(payload)) return;
    const { first } = this;
    if (bytes > ALL_ERRORS_MAX_BYTES) throw faultOf(first.errors!);
    this.all ??= evaluate(this.code.all);
    // What is in the payload may have it find nothing only where the two disagree: a bug.
    throw faultOf(this.all(payload) ? first.errors! : this.all.errors!);
  }
}

/** The code comes from ajv by way of our own registry, never from a payload. */
function evaluate(code: string): ValidateFunction {
  const exported: { exports: ValidateFunction | undefined } = { exports: undefined };
  new Function('require', 'module', 'areUnique', code)(require, exported, areUnique);
  return exported.exports!;
}

function faultOf(errors: readonly SchemaError[]): PayloadFault {
  const told = errors
    .slice(0, FAULTS_MAX)
    .map(error => new PayloadFault(placeOf(error), reasonOf(error)));
  const [first, ...others] = told;
  return new PayloadFault(first!.pointer, first!.message, others);
}

/** Of a member that is missing or must not be there: where it would stand, or stands. */
function placeOf({ instancePath, keyword, params }: SchemaError): string {
  const member =
    keyword === 'required'
      ? params.missingProperty
      : keyword === 'additionalProperties'
        ? params.additionalProperty
        : keyword === 'unevaluatedProperties'
          ? params.unevaluatedProperty
          : undefined;
  if (typeof member !== 'string') return instancePath;
  return `${instancePath}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** By the schema's words alone: ajv's own messages never hold a value of the payload. */
function reasonOf({ keyword, message, params }: SchemaError): string {
  if (keyword === 'required') return 'is missing';
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    return 'is not a member that is known here';
  }
  if (keyword === 'enum') return `must be one of ${list(params.allowedValues)}`;
  if (keyword === 'const') return `must be ${list([params.allowedValue])}`;
  return message ?? `breaks ${keyword}`;
}

function list(values: unknown): string {
  const text = (values as readonly unknown[]).map(value => JSON.stringify(value)).join(', ');
  return text.length > 200 ? 'the values that the schema names' : text;
}
