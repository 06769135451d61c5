import type { MappingStep } from './schema.ts';
import { bindStep } from './verbs.ts';

/** The steps that lead back, or the indexes of those that nothing undoes. */
export type Inversion =
  | { readonly steps: readonly MappingStep[]; readonly lossy?: undefined }
  | { readonly steps?: undefined; readonly lossy: readonly number[] };

/**
 * The mapping that undoes this one, for a list without `mappingFaults`. It gives back equal values:
 * text of numbers and instants comes in the form that conversions write, members may stand in
 * another order, and objects are gone that were empty and in the way of a move.
 */
export function invertMapping(steps: readonly MappingStep[]): Inversion {
  const inverted = steps.map(step => bindStep(step)?.invert());
  const lossy = inverted.flatMap((step, index) => (step === undefined ? [index] : []));
  if (lossy.length > 0) return { lossy };
  return { steps: inverted.filter(step => step !== undefined).reverse() };
}
