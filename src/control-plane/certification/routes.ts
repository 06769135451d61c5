/** `/v1/certifications`: opening runs, and their reports (docs/onboarding.md). */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { ControlContext, Role } from '../admin/control-context.ts';
import type { ListRequest } from '../registry/desk-contract.ts';
import type { CertificationDesk } from './certification-desk.ts';
import { RUN_STATES, shownReport } from './report.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];
const OPENERS: readonly Role[] = ['partner-manager', 'operator'];

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
const REASON_MAX_CHARS = 500;

const id = (description: string) => Type.String({ description, minLength: 1, maxLength: 256 });

const OpeningSchema = Type.Object(
  {
    app: id('Id of the sandbox app that is to be certified.'),
    reason: Type.Optional(
      Type.String({ description: 'Why, for the audit log.', maxLength: REASON_MAX_CHARS }),
    ),
  },
  { additionalProperties: false },
);

const ListSchema = Type.Object(
  {
    app: Type.Optional(id('Only runs of this app.')),
    partner: Type.Optional(id('Only runs of apps of this partner.')),
    state: Type.Optional(Type.Enum([...RUN_STATES], { description: 'Only runs in this state.' })),
    limit: Type.Optional(
      Type.Integer({
        description: `Runs in the answer; ${LIMIT_DEFAULT} where absent.`,
        minimum: 1,
        maximum: LIMIT_MAX,
      }),
    ),
    cursor: Type.Optional(id('`next` of the page before.')),
  },
  { additionalProperties: false },
);

const ParamsSchema = Type.Object({ id: id('Of the run.') });

const TAGS = ['certification'];

export function addCertificationRoutes(
  app: FastifyInstance,
  context: ControlContext,
  desk: CertificationDesk,
): void {
  addOpening(app, context, desk);
  app.get<{ Querystring: Static<typeof ListSchema> }>(
    '/v1/certifications',
    {
      config: { roles: READERS },
      schema: { tags: TAGS, summary: 'Runs, by id.', querystring: ListSchema },
    },
    ({ query }) => {
      const { records, next } = context.registry.list(listRequest(query));
      return { items: records.map(record => desk.report(record)), ...(next ? { next } : {}) };
    },
  );
  app.get<{ Params: Static<typeof ParamsSchema> }>(
    '/v1/certifications/:id',
    {
      config: { roles: READERS },
      schema: { tags: TAGS, summary: 'The report of a run.', params: ParamsSchema },
    },
    (request, reply) => {
      const { id } = request.params;
      const record = context.registry.get('certification', id);
      if (record !== undefined) return reply.send(desk.report(record));
      const kind = 'certification';
      return context.sendRefusals(reply, [
        { code: 'missing', kind, id, pointer: '', message: 'is not there' },
      ]);
    },
  );
}

function addOpening(app: FastifyInstance, context: ControlContext, desk: CertificationDesk): void {
  app.post<{ Body: Static<typeof OpeningSchema> }>(
    '/v1/certifications',
    {
      config: { roles: OPENERS },
      schema: {
        tags: TAGS,
        summary: 'Opens a run for a sandbox app, in place of the one that it has open.',
        body: OpeningSchema,
      },
    },
    async (request, reply) => {
      const { app: appId, reason = '' } = request.body;
      const actor = `operator:${context.principalOf(request).id}`;
      const result = await desk.open({ actor, app: appId, reason });
      if ('refusals' in result) return context.sendRefusals(reply, result.refusals);
      const { id, body } = result.records[0]!;
      return reply.code(201).header('location', `/v1/certifications/${id}`).send(shownReport(body));
    },
  );
}

function listRequest(query: Static<typeof ListSchema>): ListRequest {
  const { limit = LIMIT_DEFAULT, cursor, app, partner, state } = query;
  const where = {
    ...(app === undefined ? {} : { app }),
    ...(partner === undefined ? {} : { partner }),
    ...(state === undefined ? {} : { state }),
  };
  return {
    kind: 'certification',
    limit,
    where,
    ...(cursor === undefined ? {} : { after: cursor }),
  };
}
