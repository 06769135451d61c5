/** Approvals: what waits for a second person, and the decision. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { ApprovalDesk, DecisionOutcome } from '../approvals/approval-desk.ts';
import { APPROVAL_STATES, type Approval, approvalOf } from '../approvals/approval-record.ts';
import type { ShownRecord } from '../registry/desk-contract.ts';
import { type AnyKind, RECORD_KINDS, type RecordKind } from '../registry/kinds.ts';
import { viewApproval } from './approval-view.ts';
import type { Principal } from './control-context.ts';
import type { ControlPlane } from './control-plane.ts';
import { adminProblem } from './problems.ts';
import {
  idParameter,
  listRequest,
  pageParameters,
  sendMissing,
  writersOf,
} from './record-routes.ts';
import { viewPage } from './record-view.ts';
import {
  type ActionBody,
  reasonBody,
  reasonNeededBody,
  type WriteQuery,
  waitQuery,
} from './write-query.ts';

interface Decision {
  Params: { readonly id: string };
  Querystring: Pick<WriteQuery, 'wait'>;
  Body: ActionBody;
}

type Decide = ApprovalDesk['approve'];

const stateFilter = Type.Object(
  {
    ...pageParameters().properties,
    state: Type.Optional(
      Type.Enum([...APPROVAL_STATES], { description: 'Only those in this state.' }),
    ),
  },
  { additionalProperties: false },
);

export function addApprovalRoutes(app: FastifyInstance, control: ControlPlane): void {
  const { registry, clock, approvals } = control;
  const readers = { roles: ['viewer'] } as const;
  app.get<{ Querystring: Record<string, string> }>(
    '/v1/approvals',
    {
      config: readers,
      schema: {
        ...describe('listApprovals', 'List approvals, the oldest first.'),
        querystring: stateFilter,
      },
    },
    ({ query: { state, ...page } }, reply) => {
      // Those that expire do so without being written: they are stored as pending for a while.
      const stored = state === 'expired' || state === undefined ? {} : { state };
      const asked = listRequest('approval', { ...page, ...stored });
      if ('code' in asked) return control.sendProblem(reply, asked);
      const nowMs = clock.wallMs();
      const { records, next } = registry.list(asked);
      const shown = records.filter(
        record => state === undefined || approvalOf(record, nowMs).state === state,
      );
      const view = (record: ShownRecord) => viewApproval(record, nowMs);
      return reply.send(viewPage({ records: shown, next }, view));
    },
  );
  app.get<Decision>(
    '/v1/approvals/:id',
    {
      config: readers,
      schema: { ...describe('getApproval', 'Read one approval.'), params: idParameter },
    },
    ({ params: { id } }, reply) => {
      const record = registry.get('approval', id);
      if (record === undefined) return sendMissing(control, reply, 'approval', id);
      return reply.send(viewApproval(record, clock.wallMs()));
    },
  );
  const approve = describe('approve', 'Carry the change out, as somebody else than who asked.');
  const reject = describe('reject', 'Drop the change; who asked for it may as well.');
  for (const [verb, schema, body] of [
    ['approve', approve, reasonBody],
    ['reject', reject, reasonNeededBody],
  ] as const) {
    const decide: Decide = (...decision) => approvals[verb](...decision);
    app.post<Decision>(
      `/v1/approvals/:id/${verb}`,
      {
        config: { roles: ['partner-manager'] },
        schema: { ...schema, params: idParameter, querystring: waitQuery, body },
      },
      (request, reply) => answerDecision(control, request, reply, decide),
    );
  }
}

function describe(operationId: string, summary: string) {
  return { tags: ['approvals'], operationId, summary };
}

async function answerDecision(
  control: ControlPlane,
  request: FastifyRequest<Decision>,
  reply: FastifyReply,
  decide: Decide,
): Promise<FastifyReply> {
  const { id } = request.params;
  const { wait = 0 } = request.query;
  const { reason = '' } = request.body;
  const principal = control.principalOf(request);
  const approval = control.approvals.approval(id);
  if (approval !== undefined && !mayDecide(principal, approval)) {
    const detail = 'Deciding this needs the role operator, as making the change itself does.';
    return control.sendProblem(reply, adminProblem('role-insufficient', detail));
  }
  const outcome = await decide(principal, id, reason);
  if ('refusals' in outcome) return control.sendRefusals(reply, outcome.refusals);
  if ('decision' in outcome) return refuseDecision(control, reply, id, outcome.decision);
  await control.confirm(reply, outcome.revision, wait);
  return reply.send(viewApproval(outcome.approval, control.clock.wallMs()));
}

/** Whoever could have made the change, all of it. */
function mayDecide({ roles }: Principal, { changes }: Approval): boolean {
  if (roles.includes('operator')) return true;
  return changes.every(
    ({ kind }) => !isRecordKind(kind) || writersOf(kind).some(role => roles.includes(role)),
  );
}

function isRecordKind(kind: AnyKind): kind is RecordKind {
  return RECORD_KINDS.some(entry => entry.kind === kind);
}

function refuseDecision(
  control: ControlPlane,
  reply: FastifyReply,
  id: string,
  decision: Extract<DecisionOutcome, { readonly decision: unknown }>['decision'],
): FastifyReply {
  switch (decision) {
    case 'missing':
      return sendMissing(control, reply, 'approval', id);
    case 'not-pending': {
      const detail = 'It was decided before, or its time is over: ask for the change again.';
      return control.sendProblem(reply, adminProblem(decision, detail));
    }
    case 'own-request': {
      const detail = 'Who asked for a change does not approve it: somebody else must.';
      return control.sendProblem(reply, adminProblem(decision, detail));
    }
  }
}
