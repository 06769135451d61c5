/** What calls cost on this host. */
import { measureCosts } from '../../data-plane/workers/check-costs.ts';
import type { HostCosts } from '../../planning/plan-model.ts';
import { scaledCosts } from '../../planning/reference-costs.ts';

/** Of checks on this host; what surrounds them is as much slower or faster than the reference. */
export function hostCosts(): HostCosts {
  const least: Record<string, number> = {};
  for (let sampling = 0; sampling < SAMPLINGS; sampling += 1) {
    for (const [algorithm, micros] of Object.entries(measureCosts().signatures)) {
      least[algorithm] = Math.min(micros, least[algorithm] ?? Number.POSITIVE_INFINITY);
    }
  }
  return scaledCosts(least);
}

/** A slow moment of the host must not stand for it. */
const SAMPLINGS = 12;
