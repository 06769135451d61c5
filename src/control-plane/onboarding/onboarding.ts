/** Where a partner stands, and the change that moves it on. */
import type { JsonObject } from '../../stores/registry-contract.ts';
import type {
  ChangeRefusal,
  ProposedChange,
  RegistryReader,
  ShownRecord,
} from '../registry/desk-contract.ts';
import type { PartnerStatus } from '../registry/schema.ts';
import {
  historyChange,
  type OnboardingHistory,
  type OnboardingStep,
  readHistory,
  suspendedFrom,
} from './history.ts';
import { missingOf } from './needs.ts';
import { type Transition, transitionsFrom } from './transitions.ts';

export interface NextStep {
  readonly to: PartnerStatus;
  /** Empty where it can be taken now. */
  readonly missing: readonly string[];
}

export interface OnboardingView extends OnboardingHistory {
  readonly partner: string;
  readonly state: PartnerStatus;
  readonly next: readonly NextStep[];
}

export interface StepRequest {
  readonly to: PartnerStatus;
  /** `operator:<id>` */
  readonly by: string;
  readonly reason: string;
  readonly nowMs: number;
}

/** What is to be changed together, or why it cannot be. */
export type PlannedStep =
  | { readonly changes: readonly ProposedChange[] }
  | { readonly refusals: readonly ChangeRefusal[] };

export function viewOnboarding(
  registry: RegistryReader,
  partner: ShownRecord,
  nowMs: number,
): OnboardingView {
  const history = readHistory(registry, partner.id);
  const state = statusOf(partner);
  const { id, body } = partner;
  const next = transitionsFrom(state, suspendedFrom(history)).map(({ to, needs }) => ({
    to,
    missing: missingOf(needs, { registry, id, body, nowMs }),
  }));
  return { partner: id, state, next, ...history };
}

/** The partner as one that applies. Its record is checked where it is committed. */
export function planApplication(
  registry: RegistryReader,
  body: JsonObject & { readonly id: string },
  { by, reason, nowMs }: Omit<StepRequest, 'to'>,
): readonly ProposedChange[] {
  const step = { from: null, to: 'applied', by, at: instant(nowMs), reason } as const;
  const applied = { ...body, status: 'applied' };
  return [
    { kind: 'partner', id: body.id, body: applied, ifVersion: 0 },
    historyChange(registry, body.id, step),
  ];
}

/** The change that takes a step: the partner, and its history. */
export function planStep(
  registry: RegistryReader,
  id: string,
  { to, by, reason, nowMs }: StepRequest,
): PlannedStep {
  const partner = registry.get('partner', id);
  if (partner === undefined) return { refusals: [missingPartner(id)] };
  const { body } = partner;
  const from = statusOf(partner);
  const refuse = (messages: readonly string[]): PlannedStep => ({
    refusals: messages.map(message => {
      return { code: 'conflict', kind: 'partner', id, pointer: '/status', message };
    }),
  });
  const possible = transitionsFrom(from, suspendedFrom(readHistory(registry, id)));
  const transition = possible.find(candidate => candidate.to === to);
  if (transition === undefined) return refuse([refusedWay(from, to, possible)]);
  const missing = missingOf(transition.needs, { registry, id, body, nowMs });
  if (missing.length > 0) return refuse(missing);
  const step: OnboardingStep = { from, to, by, at: instant(nowMs), reason };
  const moved = { ...body, status: to };
  return {
    changes: [
      { kind: 'partner', id, body: moved, ifVersion: partner.version },
      historyChange(registry, id, step),
    ],
  };
}

export function missingPartner(id: string): ChangeRefusal {
  return { code: 'missing', kind: 'partner', id, pointer: '', message: 'is not there' };
}

function statusOf({ body }: ShownRecord): PartnerStatus {
  return body.status as PartnerStatus;
}

function refusedWay(
  from: PartnerStatus,
  to: PartnerStatus,
  possible: readonly Transition[],
): string {
  const names = possible.map(transition => transition.to);
  if (names.length === 0) return `is ${from} and stays so`;
  return `cannot go from ${from} to ${to}; it can go to ${names.join(', ')}`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
