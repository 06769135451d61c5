/** What is done to the payloads of one operation, each direction a list of stages made once. */
import type { DataClass } from '../core/data-classes.ts';
import type { ClassTree } from './data-classes/class-tree.ts';
import { maskPayload, maskPointer, memberNames } from './data-classes/mask.ts';
import { readJson, writeJson } from './formats/json.ts';
import { compileExpression } from './jsonata/index.ts';
import { compileMapping, type MappingStep } from './mapping/index.ts';
import { type JsonValue, PayloadFault } from './payload-fault.ts';
import type { Converted, Program } from './program.ts';
import type { SchemaCode } from './schema/compile-schema.ts';
import { Validator } from './schema/validator.ts';

/** As the registry's compiler makes it (src/control-plane/registry/payload-form.ts). */
export interface PayloadSource {
  readonly kind: 'payload';
  readonly request?: DirectionSource;
  readonly answer?: DirectionSource;
}

export interface DirectionSource {
  readonly validator?: SchemaCode;
  readonly mapping?: readonly MappingStep[];
  readonly expression?: { readonly text: string; readonly timeoutMs: number };
  /** Of an answer whose schema classifies its fields. */
  readonly classes?: ClassTree;
}

/** What the program of an operation is asked for: an answer as somebody may see it. */
export type PayloadTask = 'request' | `answer:${DataClass}`;

const ANSWER_TASK = 'answer:';

type Stage = (payload: JsonValue, inputBytes: number) => JsonValue;

/** Beside its time: what a payload of 1 MB may come to. */
const EXPRESSION_LIMITS = { depthMax: 400, itemsMax: 100_000, resultMaxBytes: 4_194_304 };

const NO_FIELDS: readonly string[] = [];

export function compilePayloadProgram(source: PayloadSource): Program {
  const request = requestStages(source.request);
  const answer = answerStages(source.answer);
  return {
    run(task, input) {
      if ((task as PayloadTask) === 'request') return convert(request, input);
      const shown = task.slice(ANSWER_TASK.length) as DataClass;
      return convertAnswer(source.answer ?? {}, answer, input, shown);
    },
  };
}

/** A partner's contract is about what the partner sends and gets, not about what the bank does. */
function requestStages(source: DirectionSource = {}): readonly Stage[] {
  return [...validationOf(source), ...conversionOf(source)];
}

function answerStages(source: DirectionSource = {}): readonly Stage[] {
  return [...conversionOf(source), ...validationOf(source)];
}

function validationOf({ validator }: DirectionSource): Stage[] {
  return validator === undefined ? [] : [validation(validator)];
}

function conversionOf({ mapping, expression }: DirectionSource): Stage[] {
  const stages: Stage[] = [];
  if (mapping !== undefined) stages.push(compileMapping(mapping));
  if (expression !== undefined) stages.push(evaluation(expression));
  return stages;
}

function evaluation({ text, timeoutMs }: NonNullable<DirectionSource['expression']>): Stage {
  const evaluate = compileExpression(text);
  const limits = { ...EXPRESSION_LIMITS, timeoutMs };
  return payload => evaluate(payload, limits);
}

function validation(code: SchemaCode): Stage {
  const validator = new Validator(code);
  return (payload, inputBytes) => {
    validator.check(payload, inputBytes);
    return payload;
  };
}

/** Where an answer is wrong goes to a log, which names of a customer's data must not reach. */
function convertAnswer(
  { classes = [] }: DirectionSource,
  stages: readonly Stage[],
  input: Uint8Array,
  shown: DataClass,
): Converted {
  try {
    return convert(stages, input, payload => {
      return classes.length === 0 ? payload : maskPayload(payload, classes, shown);
    });
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    const names = memberNames(classes);
    throw new PayloadFault(maskPointer(error.pointer, names), error.message);
  }
}

function convert(
  stages: readonly Stage[],
  input: Uint8Array,
  finish = (payload: JsonValue) => payload,
): Converted {
  let payload = readJson(input);
  for (const stage of stages) payload = stage(payload, input.length);
  return { fields: NO_FIELDS, bytes: writeJson(finish(payload)) };
}
