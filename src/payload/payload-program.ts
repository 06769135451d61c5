/** What is done to the payloads of one operation, each direction a list of stages made once. */
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
}

/** What the program of an operation is asked for. */
export type PayloadDirection = 'request' | 'answer';

type Stage = (payload: JsonValue, inputBytes: number) => JsonValue;

const decoder = new TextDecoder('utf-8', { fatal: true });
const NO_FIELDS: readonly string[] = [];

export function compilePayloadProgram(source: PayloadSource): Program {
  const request = stagesOf(source.request);
  const answer = stagesOf(source.answer);
  return {
    run(task, input) {
      return convert((task as PayloadDirection) === 'request' ? request : answer, input);
    },
  };
}

function stagesOf(source: DirectionSource = {}): readonly Stage[] {
  const stages: Stage[] = [];
  if (source.validator !== undefined) stages.push(validation(source.validator));
  return stages;
}

function validation(code: SchemaCode): Stage {
  const validator = new Validator(code);
  return (payload, inputBytes) => {
    validator.check(payload, inputBytes);
    return payload;
  };
}

function convert(stages: readonly Stage[], input: Uint8Array): Converted {
  let payload = readJson(input);
  for (const stage of stages) payload = stage(payload, input.length);
  return { fields: NO_FIELDS, bytes: Buffer.from(JSON.stringify(payload)) };
}

function readJson(input: Uint8Array): JsonValue {
  try {
    return JSON.parse(decoder.decode(input)) as JsonValue;
  } catch {
    throw new PayloadFault('', 'must be JSON in UTF-8');
  }
}
