/**
 * What the parts of the control plane that have routes of their own (onboarding, certification, the
 * shelf) are given by the admin listener. A route names its roles and its schemas in its options:
 *
 *     app.get('/v1/things', { config: { roles: ['viewer'] }, schema: {...} }, handler)
 *
 * The listener refuses whoever has none of these roles before the handler runs, counts the call
 * against the operator's rate, and takes the schemas into the OpenAPI document.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { ChangeRefusal, ProposedChange, RegistryWriter } from '../registry/desk-contract.ts';

/** `operator` may do all that is asked for here; the others what their routes name. */
export const ROLES = ['viewer', 'operator', 'partner-manager', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

export interface Principal {
  /** Unique; in the audit log as `operator:<id>`. */
  readonly id: string;
  readonly roles: readonly Role[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it: any of these. Routes without it are the listener's own. */
    roles?: readonly Role[];
  }
}

/** What became of a change that a person asked for. */
export type Proposal =
  | { readonly refusals: readonly ChangeRefusal[] }
  | { readonly revision: number }
  /** A second person must approve it first; the id of the approval. */
  | { readonly approvalId: string };

export interface ControlContext {
  readonly registry: RegistryWriter;
  readonly clock: Clock;
  /** Who calls; only in handlers of routes that name roles. */
  principalOf(request: FastifyRequest): Principal;
  /** Carries a change out, or keeps it for approval where a plan asks for four eyes. */
  propose(
    principal: Principal,
    change: {
      action: string;
      reason: string;
      changes: readonly ProposedChange[];
      /** As a ChangeRequest has it; not asked again where it waits for approval. */
      onlyWhile?: () => boolean;
    },
  ): Promise<Proposal>;
  /** Answers refusals: the status of the first, all of them in `errors`. */
  sendRefusals(reply: FastifyReply, refusals: readonly ChangeRefusal[]): FastifyReply;
}
