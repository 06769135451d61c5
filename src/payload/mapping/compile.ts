import type { JsonValue } from '../payload-fault.ts';
import type { MappingStep } from './schema.ts';
import { bindStep } from './verbs.ts';

/** Throws PayloadFault where the payload has not what the steps want. */
export type Mapping = (payload: JsonValue) => JsonValue;

/**
 * One function for a list without `mappingFaults`. It changes the payload in place, also where it
 * then throws: the caller owns it. A payload is worked at by the segments of the steps' pointers
 * and the elements under their `*`; members that no step names are not looked at.
 */
export function compileMapping(steps: readonly MappingStep[]): Mapping {
  const visits = steps.map(step => {
    const bound = bindStep(step);
    if (bound === undefined) throw new Error('a step without exactly one verb');
    return bound.compile();
  });
  return payload => {
    for (let at = 0; at < visits.length; at++) visits[at]!(payload);
    return payload;
  };
}
