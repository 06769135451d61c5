/** What is done to the payloads of one operation, each direction a list of stages made once. */
import { CODING_LIMITS, decodeContent, encodeContent, negotiateCoding } from './codings/index.ts';
import type { ClassTree } from './data-classes/class-tree.ts';
import { maskPayload, maskPointer, memberNames } from './data-classes/mask.ts';
import type { PayloadKeys } from './encryption/payload-keys.ts';
import { FORMAT_LIMITS, FORMATS } from './formats/index.ts';
import { compileExpression } from './jsonata/index.ts';
import { compileMapping, type MappingStep } from './mapping/index.ts';
import { Decryption, Encryption, isEncrypted } from './payload-encryption.ts';
import { type JsonValue, PayloadFault } from './payload-fault.ts';
import { type AnswerTask, type RequestTask, readTask } from './payload-task.ts';
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
  /** Of the bank's side, by its name in FORMATS; JSON where absent. */
  readonly format?: string;
  readonly validator?: SchemaCode;
  readonly mapping?: readonly MappingStep[];
  readonly expression?: { readonly text: string; readonly timeoutMs: number };
  /** Of an answer whose schema classifies its fields. */
  readonly classes?: ClassTree;
  /** On the partner's side: the whole body is an envelope. */
  readonly encryptedBody?: boolean;
  /** On the partner's side: pointers to the values that are envelopes. */
  readonly encryptedFields?: readonly string[];
}

/** `bytes` is how long the payload was once its content codings were undone. */
type Stage = (payload: JsonValue, bytes: number) => JsonValue;

/** What the pointer of a fault leads into. */
interface Looked {
  payload: JsonValue | undefined;
}

const NO_FIELDS: readonly string[] = [];
/** Beside its time: what a payload of 1 MB may come to. */
const EXPRESSION_LIMITS = { depthMax: 400, itemsMax: 100_000, resultMaxBytes: 4_194_304 };

/** An answer's only field is its content coding; what everything is written in, the asker knows. */
export function compilePayloadProgram(source: PayloadSource, keys: PayloadKeys): Program {
  const request = new RequestProgram(source.request, keys);
  const answer = new AnswerProgram(source.answer, keys);
  return {
    run(text, input) {
      const task = readTask(text);
      return task.direction === 'request' ? request.run(task, input) : answer.run(task, input);
    },
  };
}

/** A partner's contract is about what the partner sends and gets, not about what the bank does. */
class RequestProgram {
  private readonly stages: readonly Stage[];
  private readonly format: string;
  private readonly decryption: Decryption | undefined;

  constructor(source: DirectionSource = {}, keys: PayloadKeys) {
    this.stages = [...validationOf(source), ...conversionOf(source)];
    this.format = source.format ?? 'json';
    this.decryption = isEncrypted(source) ? new Decryption(source, keys) : undefined;
  }

  run(task: RequestTask, input: Uint8Array): Converted | Promise<Converted> {
    const bytes = decoded(task, input);
    if (this.decryption === undefined) {
      return this.convert(FORMATS[task.format]!.read(bytes, limitsOf(task)), bytes.length);
    }
    return this.decryption
      .open(bytes, body => FORMATS[task.format]!.read(body, limitsOf(task)))
      .then(payload => this.convert(payload, bytes.length));
  }

  private convert(payload: JsonValue, payloadBytes: number): Converted {
    const converted = through(this.stages, payload, payloadBytes);
    return { fields: NO_FIELDS, bytes: FORMATS[this.format]!.write(converted) };
  }
}

class AnswerProgram {
  private readonly stages: readonly Stage[];
  private readonly format: string;
  private readonly classes: ClassTree;
  private readonly names: ReadonlySet<string>;
  private readonly encryption: Encryption | undefined;

  constructor(source: DirectionSource = {}, keys: PayloadKeys) {
    this.stages = [...conversionOf(source), ...validationOf(source)];
    this.format = source.format ?? 'json';
    this.classes = source.classes ?? [];
    this.names = memberNames(this.classes);
    this.encryption = isEncrypted(source) ? new Encryption(source, keys) : undefined;
  }

  run(task: AnswerTask, input: Uint8Array): Converted | Promise<Converted> {
    const looked: Looked = { payload: undefined };
    try {
      const converted = this.convert(task, input, looked);
      if (!(converted instanceof Promise)) return converted;
      return converted.catch(error => {
        throw this.masked(error, looked);
      });
    } catch (error) {
      throw this.masked(error, looked);
    }
  }

  /** It goes to a log, which names of a customer's data must not reach. */
  private masked(error: unknown, { payload }: Looked): unknown {
    if (!(error instanceof PayloadFault)) return error;
    return new PayloadFault(maskPointer(error.pointer, this.names, payload), error.message);
  }

  private convert(
    task: AnswerTask,
    input: Uint8Array,
    looked: Looked,
  ): Converted | Promise<Converted> {
    const { classes, encryption } = this;
    const bytes = decoded(task, input);
    let payload = FORMATS[this.format]!.read(bytes, limitsOf(task));
    for (const stage of this.stages) {
      looked.payload = payload;
      payload = stage(payload, bytes.length);
    }
    looked.payload = payload;
    if (classes.length > 0) payload = maskPayload(payload, classes, task.shown);
    const write = () => FORMATS[task.format]!.write(payload);
    if (encryption === undefined) return coded(task, write());
    return encryption.seal(payload, write, task.partner).then(bytes => {
      return encryption.isWhole ? { fields: NO_FIELDS, bytes } : coded(task, bytes);
    });
  }
}

function coded(task: AnswerTask, bytes: Uint8Array): Converted {
  const coding = negotiateCoding(task.acceptEncoding, bytes.length) ?? 'identity';
  if (coding === 'identity') return { fields: NO_FIELDS, bytes };
  return { fields: [coding], bytes: encodeContent(coding, bytes) };
}

function decoded({ codings, bytesMax }: RequestTask, input: Uint8Array): Uint8Array {
  if (codings.length === 0) return input;
  return decodeContent(codings, input, { ...CODING_LIMITS, bytesMax });
}

function limitsOf({ bytesMax }: RequestTask) {
  return { ...FORMAT_LIMITS, bytesMax };
}

function through(stages: readonly Stage[], payload: JsonValue, bytes: number): JsonValue {
  let value = payload;
  for (const stage of stages) value = stage(value, bytes);
  return value;
}

function validationOf({ validator: code }: DirectionSource): Stage[] {
  if (code === undefined) return [];
  const validator = new Validator(code);
  const validate: Stage = (payload, bytes) => {
    validator.check(payload, bytes);
    return payload;
  };
  return [validate];
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
