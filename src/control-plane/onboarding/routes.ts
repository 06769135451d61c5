/** The onboarding of partners in the admin API (docs/onboarding.md). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import Type, { type Static } from 'typebox';
import type { ControlContext, Principal, Proposal, Role } from '../admin/control-context.ts';
import type { ShownRecord } from '../registry/desk-contract.ts';
import { PARTNER_STATUSES, PartnerSchema, type PartnerStatus } from '../registry/schema.ts';
import { completeClosing } from './closing.ts';
import { missingPartner, planApplication, planStep, viewOnboarding } from './onboarding.ts';
import { MOVER_ROLES } from './transitions.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];

const reason = (description: string) =>
  Type.String({
    description,
    pattern: '^(?=.*\\S)[^\\x00-\\x1f\\x7f]{3,500}$',
    form: '3 to 500 characters without control characters',
  });

const ParamsSchema = Type.Object({
  id: Type.String({ description: 'Id of the partner.', minLength: 1, maxLength: 128 }),
});

const TransitionSchema = Type.Object(
  {
    to: Type.Enum([...PARTNER_STATUSES], { description: 'Where it is to stand.' }),
    reason: reason('Why; the partner’s history and the audit log keep it.'),
  },
  { additionalProperties: false },
);

const { status: _status, ...applicationFields } = PartnerSchema.properties;
const ApplicationSchema = Type.Object(
  { ...applicationFields, reason: Type.Optional(reason('Why, for its history.')) },
  { additionalProperties: false },
);

const TAGS = ['onboarding'];
/** Whoever takes a partner's access away hears when it is gone. */
const LEAVING: ReadonlySet<PartnerStatus> = new Set<PartnerStatus>(['suspended', 'closed']);
/** Plans of one step, where what it stands on is changed all the time. */
const ATTEMPTS_MAX = 5;
/** How long the answer waits for the fronts. */
const SERVED_MAX_MS = 5_000;

interface PartnerRoute {
  Params: Static<typeof ParamsSchema>;
}

export function addOnboardingRoutes(app: FastifyInstance, context: ControlContext): void {
  const { registry, clock } = context;
  addApplication(app, context);
  app.get<PartnerRoute>(
    '/v1/partners/:id/onboarding',
    {
      config: { roles: READERS },
      schema: {
        tags: TAGS,
        summary: 'Where a partner stands, what is next, what is missing for it, and its history.',
        params: ParamsSchema,
      },
    },
    (request, reply) => {
      const partner = registry.get('partner', request.params.id);
      if (partner === undefined) {
        return context.sendRefusals(reply, [missingPartner(request.params.id)]);
      }
      return reply.send(viewOnboarding(registry, partner, clock.wallMs()));
    },
  );
  app.post<PartnerRoute & { Body: Static<typeof TransitionSchema> }>(
    '/v1/partners/:id/transitions',
    {
      config: { roles: MOVER_ROLES },
      schema: {
        tags: TAGS,
        summary: 'Moves a partner on in its onboarding, suspends or closes it.',
        params: ParamsSchema,
        body: TransitionSchema,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const proposal = await takeStep(context, context.principalOf(request), id, request.body);
      if ('refusals' in proposal) return context.sendRefusals(reply, proposal.refusals);
      if ('approvalId' in proposal) return sendApproval(reply, proposal.approvalId);
      const { to } = request.body;
      // Where it fails, it is tried again without us.
      if (to === 'closed') await completeClosing(registry, id).catch(() => undefined);
      if (LEAVING.has(to)) await confirm(context, reply, registry.revision);
      return sendView(context, reply, registry.get('partner', id)!);
    },
  );
}

/**
 * What a step needs is looked at again when its turn to be committed comes: a key may be revoked,
 * or a certification be gone, by what was committed in between.
 */
async function takeStep(
  context: ControlContext,
  principal: Principal,
  id: string,
  { to, reason }: Static<typeof TransitionSchema>,
): Promise<Proposal> {
  const { registry, clock } = context;
  const step = { to, reason, by: `operator:${principal.id}`, nowMs: clock.wallMs() };
  const plan = () => planStep(registry, id, step);
  for (let attempt = 1; ; attempt++) {
    const planned = plan();
    if ('refusals' in planned) return planned;
    const proposal = await context.propose(principal, {
      ...{ action: 'partner.transition', reason, changes: planned.changes },
      onlyWhile: () => !('refusals' in plan()),
    });
    const isStale =
      'refusals' in proposal && proposal.refusals.some(({ code }) => code === 'stale');
    if (!isStale || attempt === ATTEMPTS_MAX) return proposal;
  }
}

/** The answer tells that the partner's calls are refused by now, in every front. */
async function confirm({ registry }: ControlContext, reply: FastifyReply, revision: number) {
  const served = await registry.served(revision, SERVED_MAX_MS);
  reply.header('x-registry-revision', revision).header('x-registry-served', String(served));
}

/** The generic routes create partners in any state, for operators; this one for whoever applies. */
function addApplication(app: FastifyInstance, context: ControlContext): void {
  const { registry, clock } = context;
  app.post<{ Body: Static<typeof ApplicationSchema> }>(
    '/v1/partners',
    {
      config: { roles: MOVER_ROLES },
      schema: {
        tags: TAGS,
        summary: 'Takes the application of a new partner.',
        body: ApplicationSchema,
      },
    },
    async (request, reply) => {
      const { reason = '', ...body } = request.body;
      const principal = context.principalOf(request);
      const step = { by: `operator:${principal.id}`, reason, nowMs: clock.wallMs() };
      const changes = planApplication(registry, body, step);
      const proposal = await context.propose(principal, {
        action: 'partner.apply',
        reason,
        changes,
      });
      if ('refusals' in proposal) return context.sendRefusals(reply, proposal.refusals);
      if ('approvalId' in proposal) return sendApproval(reply, proposal.approvalId);
      reply.code(201).header('location', `/v1/partners/${body.id}`);
      return sendView(context, reply, registry.get('partner', body.id)!);
    },
  );
}

function sendView({ registry, clock }: ControlContext, reply: FastifyReply, partner: ShownRecord) {
  reply.header('etag', `"${partner.version}"`);
  return reply.send(viewOnboarding(registry, partner, clock.wallMs()));
}

/** A second person decides; nothing has changed yet. */
function sendApproval(reply: FastifyReply, approvalId: string): FastifyReply {
  reply.code(202).header('location', `/v1/approvals/${approvalId}`);
  return reply.send({ approval: approvalId });
}
