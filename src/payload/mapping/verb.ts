import type { Visit } from './place.ts';
import type { Path } from './pointer.ts';
import type { MappingStep, Options, VerbName } from './schema.ts';

/** What is wrong with one step. */
export interface StepFault {
  /** Option of the step; '' for the step as a whole. */
  readonly option: string;
  /** A verb phrase for the operator. */
  readonly reason: string;
}

/** What a step does to places, for the check of a list. */
export interface Effects {
  /** The place that is free afterwards. */
  readonly vacates?: Path;
  /** The place that has a new value afterwards. */
  readonly writes?: Path;
  /** It writes only where there is nothing. */
  readonly fills?: boolean;
}

/** All that is known of a verb. The others are asked only of options without faults. */
export interface Verb<V extends VerbName> {
  faults(options: Options<V>): readonly StepFault[];
  compile(options: Options<V>): Visit;
  effects(options: Options<V>): Effects;
  /** The step that undoes it; undefined where there is none. */
  invert(options: Options<V>): MappingStep | undefined;
}
