import { formatPointer, isWithin, type Path } from './pointer.ts';
import type { MappingStep } from './schema.ts';
import { type BoundStep, bindStep } from './verbs.ts';

/** What is wrong with a list of steps that fits `mappingSchema`. */
export interface MappingFault {
  /** Index of the step. */
  readonly step: number;
  /** RFC 6901, within the list of steps: the option at fault, or the step. */
  readonly pointer: string;
  /** A verb phrase for the operator. */
  readonly reason: string;
}

interface Written {
  readonly path: Path;
  readonly step: number;
  /** Whether the place may still be free afterwards: what was to come there may be absent. */
  readonly surely: boolean;
}

/** Everything that keeps a mapping from being compiled, in the order of its steps. */
export function mappingFaults(steps: readonly MappingStep[]): readonly MappingFault[] {
  const faults: MappingFault[] = [];
  let written: readonly Written[] = [];
  for (const [step, definition] of steps.entries()) {
    const bound = bindStep(definition);
    if (bound === undefined) {
      faults.push({ step, pointer: `/${step}`, reason: 'must have exactly one verb' });
      continue;
    }
    const own = bound.faults();
    for (const { option, reason } of own) {
      faults.push({ step, pointer: formatPointer([step, bound.verb, option]), reason });
    }
    if (own.length > 0) continue;
    const { clash, after } = follow(bound, step, written);
    if (clash !== undefined) faults.push(clash);
    written = after;
  }
  return faults;
}

function follow(bound: BoundStep, step: number, written: readonly Written[]) {
  const { vacates, writes, fills = false } = bound.effects();
  const left = vacates ? written.filter(({ path }) => !isWithin(path, vacates)) : written;
  if (writes === undefined) return { clash: undefined, after: left };
  // A default after a move is for payloads without the member that moves.
  const earlier = left.find(({ path, surely }) => isWithin(path, writes) && (surely || !fills));
  const clash = earlier && {
    step,
    pointer: formatPointer([step, bound.verb]),
    reason: `writes the place that step ${earlier.step} writes`,
  };
  const surely = bound.verb === 'constant' || bound.verb === 'default';
  return { clash, after: [...left, { path: writes, step, surely }] };
}
