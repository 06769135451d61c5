/** The record of a partner's onboarding: each step with who took it, when and why. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { ProposedChange, RegistryReader } from '../registry/desk-contract.ts';
import type { PartnerStatus } from '../registry/schema.ts';

/** Kept in the record; the audit log has all of them. */
export const HISTORY_STEPS_MAX = 200;

export interface OnboardingStep {
  /** Null where it applied. */
  readonly from: PartnerStatus | null;
  readonly to: PartnerStatus;
  /** `operator:<id>` */
  readonly by: string;
  readonly at: string;
  readonly reason: string;
}

export interface OnboardingHistory {
  /** The latest is last. */
  readonly steps: readonly OnboardingStep[];
  /** Steps before these, which are in the audit log only. */
  readonly forgotten: number;
}

export function readHistory(registry: RegistryReader, partner: string): OnboardingHistory {
  const body = registry.get('onboarding', partner)?.body;
  if (body === undefined) return { steps: [], forgotten: 0 };
  // What `historyChange` wrote is what is read.
  const { steps, forgotten } = body as unknown as OnboardingHistory;
  return { steps, forgotten };
}

/** Where a suspended partner was; undefined where the history does not tell. */
export function suspendedFrom({ steps }: OnboardingHistory): PartnerStatus | undefined {
  const last = steps.at(-1);
  return last?.to === 'suspended' && last.from !== null ? last.from : undefined;
}

/** The change that adds a step, to go with the partner's own. */
export function historyChange(
  registry: RegistryReader,
  partner: string,
  step: OnboardingStep,
): ProposedChange {
  const { steps, forgotten } = readHistory(registry, partner);
  const all = [...steps, step];
  const left = Math.max(0, all.length - HISTORY_STEPS_MAX);
  const body = { id: partner, steps: all.slice(left), forgotten: forgotten + left };
  const version = registry.get('onboarding', partner)?.version ?? 0;
  return {
    kind: 'onboarding',
    id: partner,
    body: body as unknown as JsonObject,
    ifVersion: version,
  };
}
