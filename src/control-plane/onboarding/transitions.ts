/**
 * The way of a partner into the bank and out of it again, as one table: from where to where, and
 * what must be there first.
 */
import type { Role } from '../admin/control-context.ts';
import type { PartnerStatus } from '../registry/schema.ts';
import type { Need } from './needs.ts';

/** Who may move a partner, whatever the step; closing may need a second person besides. */
export const MOVER_ROLES: readonly Role[] = ['partner-manager', 'operator'];

export interface Transition {
  readonly to: PartnerStatus;
  /** All of them. */
  readonly needs: readonly Need[];
}

const REVIEW: Transition = { to: 'in-review', needs: ['security-contact', 'technical-contact'] };
const BACK_TO_APPLIED: Transition = { to: 'applied', needs: [] };
const SANDBOX: Transition = { to: 'sandbox', needs: ['sandbox-app'] };
const CERTIFICATION: Transition = { to: 'certification', needs: ['sandbox-subscription'] };
const PRODUCTION: Transition = { to: 'production', needs: ['passed-certification'] };
const SUSPENSION: Transition = { to: 'suspended', needs: [] };
const CLOSURE: Transition = { to: 'closed', needs: [] };

/** From `suspended` see {@link transitionsFrom}. */
const TRANSITIONS: Readonly<Record<PartnerStatus, readonly Transition[]>> = {
  applied: [REVIEW, CLOSURE],
  'in-review': [SANDBOX, BACK_TO_APPLIED, CLOSURE],
  sandbox: [CERTIFICATION, SUSPENSION, CLOSURE],
  certification: [PRODUCTION, SUSPENSION, CLOSURE],
  production: [SUSPENSION, CLOSURE],
  suspended: [SANDBOX, CERTIFICATION, PRODUCTION, CLOSURE],
  closed: [],
};

/**
 * Where a partner may go. A suspended one goes back to where it was, and needs nothing for that;
 * where the history does not tell where that was, it goes where it has what is needed.
 *
 * @param suspendedFrom where it was; undefined where it is not suspended, or that is not recorded
 */
export function transitionsFrom(
  status: PartnerStatus,
  suspendedFrom: PartnerStatus | undefined,
): readonly Transition[] {
  if (status !== 'suspended' || suspendedFrom === undefined) return TRANSITIONS[status];
  return [{ to: suspendedFrom, needs: [] }, CLOSURE];
}
