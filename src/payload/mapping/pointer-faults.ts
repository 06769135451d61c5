import { EACH, POINTER_PATTERN, parsePointer, SEGMENTS_MAX } from './pointer.ts';
import type { StepFault } from './verb.ts';

const POINTER = new RegExp(POINTER_PATTERN);

/** `named`: the last segment is a name or an index; `any`: it may be `*` as well. */
export function pointerFaults(
  option: string,
  pointer: string,
  end: 'named' | 'any',
): readonly StepFault[] {
  if (!POINTER.test(pointer)) {
    return [{ option, reason: 'must be a JSON Pointer to a place inside the payload' }];
  }
  const path = parsePointer(pointer);
  if (path.length > SEGMENTS_MAX) {
    return [{ option, reason: `has more than ${SEGMENTS_MAX} segments` }];
  }
  if (end === 'named' && path.at(-1) === EACH) {
    return [{ option, reason: 'must end with a name, not with *' }];
  }
  return [];
}
