import { date, type, unit, values } from './convert.ts';
import { constant, defaultValue, drop } from './fill.ts';
import { copy, move, rename } from './move.ts';
import type { Visit } from './place.ts';
import type { MappingStep, VerbName } from './schema.ts';
import type { Effects, StepFault, Verb } from './verb.ts';

const VERBS: { readonly [V in VerbName]: Verb<V> } = {
  rename,
  move,
  copy,
  default: defaultValue,
  constant,
  drop,
  type,
  unit,
  date,
  values,
};

/** A step with its verb applied to its options. */
export interface BoundStep {
  readonly verb: VerbName;
  faults(): readonly StepFault[];
  compile(): Visit;
  effects(): Effects;
  invert(): MappingStep | undefined;
}

/** Undefined for a step that has not exactly one verb. */
export function bindStep(step: MappingStep): BoundStep | undefined {
  const [verb, ...more] = (Object.keys(step) as VerbName[]).filter(
    name => step[name] !== undefined,
  );
  if (verb === undefined || more.length > 0 || !Object.hasOwn(VERBS, verb)) return undefined;
  return bind(verb, step);
}

function bind<V extends VerbName>(name: V, step: MappingStep): BoundStep {
  const verb = VERBS[name];
  const options = step[name]!;
  return {
    verb: name,
    faults: () => verb.faults(options),
    compile: () => verb.compile(options),
    effects: () => verb.effects(options),
    invert: () => verb.invert(options),
  };
}
