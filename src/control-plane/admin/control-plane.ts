/** What the routes of the control plane have in common: who asks, changes, and answers to them. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import {
  ApprovalDesk,
  type ApprovalRegistry,
  type PersonsChange,
} from '../approvals/approval-desk.ts';
import type { ChangeRefusal, ShownRecord } from '../registry/desk-contract.ts';
import { viewApproval } from './approval-view.ts';
import type { ControlContext, Principal, Proposal } from './control-context.ts';
import { type AdminProblem, sendProblem } from './problems.ts';
import { refusalsProblem } from './refusals.ts';

/** How long an answer may wait for the fronts. */
export const WAIT_MAX_MS = 60_000;

export class ControlPlane implements ControlContext {
  readonly registry: ApprovalRegistry;
  readonly clock: Clock;
  readonly approvals: ApprovalDesk;

  constructor(registry: ApprovalRegistry, clock: Clock) {
    this.registry = registry;
    this.clock = clock;
    this.approvals = new ApprovalDesk(registry, clock);
  }

  principalOf({ principal }: FastifyRequest): Principal {
    if (principal === null) throw new Error('asked for the principal of a route without roles');
    return principal;
  }

  async propose(principal: Principal, change: PersonsChange): Promise<Proposal> {
    const outcome = await this.approvals.propose(principal, change);
    if ('approval' in outcome) return { approvalId: outcome.approval.id };
    return 'refusals' in outcome ? outcome : { revision: outcome.revision };
  }

  sendRefusals(reply: FastifyReply, refusals: readonly ChangeRefusal[]): FastifyReply {
    return this.sendProblem(reply, refusalsProblem(refusals));
  }

  sendProblem(reply: FastifyReply, problem: AdminProblem): FastifyReply {
    return sendProblem(reply, problem);
  }

  /** Answers that a second person must approve the change first. */
  sendPending(reply: FastifyReply, approval: ShownRecord): FastifyReply {
    return reply
      .code(202)
      .header('location', `/v1/approvals/${encodeURIComponent(approval.id)}`)
      .send(viewApproval(approval, this.clock.wallMs()));
  }

  /** Says which revision has the change, and waits for the fronts as long as was asked for. */
  async confirm(
    reply: FastifyReply,
    revision: number,
    waitMs: number,
  ): Promise<boolean | undefined> {
    reply.header('x-registry-revision', revision);
    if (waitMs === 0) return undefined;
    const served = await this.registry.served(revision, waitMs);
    reply.header('x-registry-served', String(served));
    return served;
  }
}
