/**
 * Four eyes: a change that a plan wants approved is kept until a second person decides it. What is
 * approved is checked against the registry of that moment, for the versions it was asked for, and
 * is committed together with the decision.
 */
import type { Clock } from '../../core/clock.ts';
import type { Principal } from '../admin/control-context.ts';
import { actorOf } from '../operators/operator-directory.ts';
import type {
  ChangeRefusal,
  ChangeRequest,
  ChangeResult,
  ProposedChange,
  RegistryChecker,
  RegistryWriter,
  ShownRecord,
} from '../registry/desk-contract.ts';
import {
  type Approval,
  type ApprovalState,
  approvalOf,
  asBody,
  changesOf,
  createApproval,
  isOpen,
} from './approval-record.ts';
import { type NeededApproval, neededApprovals } from './approval-rules.ts';

/** That somebody may still decide. */
const PENDING_MAX = 1_000;
/** Decided and expired ones are kept so long; the audit log keeps all of them. */
const DECIDED_KEPT_MS = 90 * 86_400_000;
/** Old ones that are dealt with on the way of a new one. */
const SWEPT_MAX = 200;

export type ApprovalRegistry = RegistryWriter & RegistryChecker;

export interface PersonsChange {
  readonly action: string;
  readonly reason: string;
  readonly changes: readonly ProposedChange[];
  /** As a ChangeRequest has it; not asked again where it waits for a second person. */
  readonly onlyWhile?: () => boolean;
}

export type ProposalOutcome =
  | { readonly refusals: readonly ChangeRefusal[] }
  | { readonly revision: number; readonly records: readonly ShownRecord[] }
  | { readonly revision: number; readonly approval: ShownRecord };

export type DecisionOutcome =
  | { readonly refusals: readonly ChangeRefusal[] }
  | { readonly revision: number; readonly approval: ShownRecord }
  | { readonly decision: 'missing' | 'not-pending' | 'own-request' };

const TOO_MANY: ChangeRefusal = {
  code: 'conflict',
  kind: 'approval',
  id: undefined,
  pointer: '',
  message: `is pending ${PENDING_MAX} times already: decide some of them first`,
};

export class ApprovalDesk {
  private readonly registry: ApprovalRegistry;
  private readonly clock: Clock;

  constructor(registry: ApprovalRegistry, clock: Clock) {
    this.registry = registry;
    this.clock = clock;
  }

  /** Carries a change out, or keeps it where a plan asks for four eyes. */
  async propose(principal: Principal, change: PersonsChange): Promise<ProposalOutcome> {
    const request = { ...change, actor: actorOf(principal) };
    const direct = await this.changeAlone(request);
    if (direct !== undefined) return direct;
    const checked = await this.registry.check(request);
    if ('refusals' in checked) return checked;
    const rules = neededApprovals(this.registry, checked.changes);
    // Nothing that needs an approval would be different.
    if (rules.length === 0) return this.registry.change(request);
    return this.keep(principal, { ...change, changes: checked.changes }, rules);
  }

  /** Undefined where it needs an approval, be it for what is committed just before it. */
  private async changeAlone(request: ChangeRequest): Promise<ChangeResult | undefined> {
    let isFree = true;
    const isFreeNow = () => {
      isFree = neededApprovals(this.registry, request.changes).length === 0;
      return isFree;
    };
    if (!isFreeNow()) return undefined;
    const onlyWhile = () => isFreeNow() && request.onlyWhile?.() !== false;
    const result = await this.registry.change({ ...request, onlyWhile });
    return isFree ? result : undefined;
  }

  approval(id: string): Approval | undefined {
    const record = this.registry.get('approval', id);
    return record && approvalOf(record, this.clock.wallMs());
  }

  async approve(principal: Principal, id: string, reason: string): Promise<DecisionOutcome> {
    const { record, approval, decision } = this.openApproval(id);
    if (decision !== undefined) return { decision };
    // Nobody approves what they asked for, whatever their roles.
    if (approval.requestedBy === principal.id) return { decision: 'own-request' };
    return this.decide(
      principal,
      record,
      decided(approval, 'approved', principal, reason, this.clock),
    );
  }

  /** Whoever asked for it may take it back. */
  async reject(principal: Principal, id: string, reason: string): Promise<DecisionOutcome> {
    const { record, approval, decision } = this.openApproval(id);
    if (decision !== undefined) return { decision };
    return this.decide(
      principal,
      record,
      decided(approval, 'rejected', principal, reason, this.clock),
    );
  }

  private openApproval(id: string) {
    const record = this.registry.get('approval', id);
    if (record === undefined) return { decision: 'missing' } as const;
    const approval = approvalOf(record, this.clock.wallMs());
    if (approval.state !== 'pending') return { decision: 'not-pending' } as const;
    return { record, approval, decision: undefined };
  }

  private async decide(
    principal: Principal,
    { id, version }: ShownRecord,
    approval: Approval,
  ): Promise<DecisionOutcome> {
    const isApproved = approval.state === 'approved';
    const result = await this.registry.change({
      actor: actorOf(principal),
      action: isApproved ? 'approval.approve' : 'approval.reject',
      reason: approval.decisionReason ?? '',
      subject: `approval/${id}`,
      changes: [
        ...(isApproved ? changesOf(approval) : []),
        { kind: 'approval', id, ifVersion: version, body: asBody(approval) },
      ],
    });
    if (!('refusals' in result)) {
      return { revision: result.revision, approval: this.registry.get('approval', id)! };
    }
    // Somebody else was quicker, which says more than that a version is another.
    const { decision } = this.openApproval(id);
    return decision === undefined ? result : { decision };
  }

  private async keep(
    principal: Principal,
    { action, reason, changes }: PersonsChange,
    rules: readonly NeededApproval[],
  ): Promise<ProposalOutcome> {
    const nowMs = this.clock.wallMs();
    const { pending, swept } = this.sweep(nowMs);
    if (pending >= PENDING_MAX) return { refusals: [TOO_MANY] };
    const versionOf = (...[kind, id]: Parameters<RegistryWriter['get']>) =>
      this.registry.get(kind, id)?.version ?? 0;
    const request = { action, reason, rules, changes, requestedBy: principal.id };
    const approval = createApproval(request, versionOf, nowMs);
    const result = await this.registry.change({
      actor: actorOf(principal),
      action: 'approval.request',
      reason,
      subject: `approval/${approval.id}`,
      changes: [
        { kind: 'approval', id: approval.id, ifVersion: 0, body: asBody(approval) },
        ...swept,
      ],
    });
    if ('refusals' in result) return result;
    const record = this.registry.get('approval', approval.id)!;
    return { revision: result.revision, approval: record };
  }

  /** How many wait for somebody, and what becomes of those whose time is over. */
  private sweep(nowMs: number): { pending: number; swept: ProposedChange[] } {
    const swept: ProposedChange[] = [];
    let pending = 0;
    for (const record of this.all()) {
      const stored = record.body as unknown as Approval;
      if (isOpen(stored, nowMs)) {
        pending++;
        continue;
      }
      if (swept.length >= SWEPT_MAX) continue;
      const change = { kind: 'approval', id: record.id, ifVersion: record.version } as const;
      const endedAtMs = stored.decidedAtMs ?? stored.expiresAtMs;
      if (endedAtMs + DECIDED_KEPT_MS < nowMs) swept.push({ ...change, body: undefined });
      else if (stored.state === 'pending') {
        swept.push({ ...change, body: asBody(approvalOf(record, nowMs)) });
      }
    }
    return { pending, swept };
  }

  private *all(): Iterable<ShownRecord> {
    let after: string | undefined;
    do {
      const page = this.registry.list({
        ...{ kind: 'approval', limit: 1_000 },
        ...(after !== undefined && { after }),
      } as const);
      yield* page.records;
      after = page.next;
    } while (after !== undefined);
  }
}

function decided(
  approval: Approval,
  state: Extract<ApprovalState, 'approved' | 'rejected'>,
  { id }: Principal,
  reason: string,
  clock: Clock,
): Approval {
  return {
    ...approval,
    ...{ state, decidedBy: id, decidedAtMs: clock.wallMs(), decisionReason: reason },
  };
}
