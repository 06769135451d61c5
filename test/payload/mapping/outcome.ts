import {
  compileMapping,
  type MappingStep,
  mappingFaults,
} from '../../../src/payload/mapping/index.ts';
import { type JsonValue, PayloadFault } from '../../../src/payload/payload-fault.ts';

/** What a mapping makes of a payload: the new payload, or `refused` with the place at fault. */
export function outcomeOf(steps: readonly MappingStep[], payload: unknown): unknown {
  const faults = mappingFaults(steps);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  const mapping = compileMapping(steps);
  try {
    return mapping(JSON.parse(JSON.stringify(payload)) as JsonValue);
  } catch (error) {
    if (!(error instanceof PayloadFault)) throw error;
    return { refused: error.pointer };
  }
}

/** Of a value at /v. */
export function converted(step: MappingStep, value: unknown): unknown {
  const outcome = outcomeOf([step], { v: value }) as { v?: unknown; refused?: unknown };
  if (outcome.refused === undefined) return outcome.v;
  if (outcome.refused !== '/v') throw new Error(`refused at ${outcome.refused}`);
  return 'refused';
}
