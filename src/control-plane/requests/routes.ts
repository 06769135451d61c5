/** `/v1/requests` and `/v1/top`: searches among the recent exchanges (docs/requests.md). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import Type, { type Static } from 'typebox';
import { PROBLEM_NAMES } from '../../core/problems.ts';
import { findRequests, REQUEST_ORDERS } from '../../telemetry/find-requests.ts';
import type { RecentMemory, RecentRequests } from '../../telemetry/recent-requests.ts';
import type { RequestsAnswer } from '../../telemetry/request-record.ts';
import { findTop, TOP_NAMES, TOP_ORDERS } from '../../telemetry/top-names.ts';
import type { Role } from '../admin/control-context.ts';
import { adminProblem, sendProblem } from '../admin/problems.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];

const LIMIT_DEFAULT = 50;
/** A record has 12 KB at most. */
const LIMIT_MAX = 200;
const TOP_DEFAULT = 20;
const TOP_MAX = 200;
const WINDOW_SECONDS_DEFAULT = 300;
const WINDOW_SECONDS_MAX = 86_400;

const TAGS = ['requests'];
const BUSY = 'Others are searching. Ask again in a moment.';

const named = (description: string) =>
  Type.Optional(Type.String({ description, minLength: 1, maxLength: 1_024 }));

const limitOf = (defaultValue: number, maximum: number) =>
  Type.Optional(
    Type.Integer({
      description: `Items in the answer; ${defaultValue} where absent.`,
      minimum: 1,
      maximum,
    }),
  );

const requestsQuery = Type.Object(
  {
    app: named('Only those of this app.'),
    operation: named('Only those of this operation.'),
    problem: Type.Optional(
      Type.Enum([...PROBLEM_NAMES], { description: 'Only those with this problem.' }),
    ),
    source: named('Only those from this address.'),
    order: Type.Optional(Type.Enum([...REQUEST_ORDERS], { description: '`latest` where absent.' })),
    limit: limitOf(LIMIT_DEFAULT, LIMIT_MAX),
    beforeMs: Type.Optional(
      Type.Integer({
        description: 'Only those that were over before, in milliseconds since the epoch.',
        minimum: 0,
      }),
    ),
  },
  { additionalProperties: false },
);

const requestParams = Type.Object({
  id: Type.String({ description: 'Percent-encoded.', minLength: 1, maxLength: 1_024 }),
});

const topQuery = Type.Object(
  {
    by: Type.Enum([...TOP_NAMES], { description: 'What the exchanges are told apart by.' }),
    order: Type.Optional(
      Type.Enum([...TOP_ORDERS], {
        description: '`exchanges` where absent; `slowest` goes by the p99.',
      }),
    ),
    windowSeconds: Type.Optional(
      Type.Integer({
        description: `How far back; ${WINDOW_SECONDS_DEFAULT} where absent.`,
        minimum: 1,
        maximum: WINDOW_SECONDS_MAX,
      }),
    ),
    limit: limitOf(TOP_DEFAULT, TOP_MAX),
  },
  { additionalProperties: false },
);

export function addRequestRoutes(app: FastifyInstance, requests: RecentRequests): void {
  addOneRequest(app, requests);
  app.get<{ Querystring: Static<typeof requestsQuery> }>(
    '/v1/requests',
    {
      config: { roles: READERS },
      schema: {
        tags: TAGS,
        operationId: 'listRequests',
        summary: 'Recent exchanges, the latest or the slowest first.',
        querystring: requestsQuery,
      },
    },
    async ({ query }, reply) => {
      const { order = 'latest', limit = LIMIT_DEFAULT, beforeMs, ...where } = query;
      const items = await findRequests(requests, { where, order, limit, beforeMs });
      if (items === undefined) return sendBusy(reply);
      const answer: RequestsAnswer = { items, memory: requests.memory };
      return reply.send(answer);
    },
  );
  app.get<{ Querystring: Static<typeof topQuery> }>(
    '/v1/top',
    {
      config: { roles: READERS },
      schema: {
        tags: TAGS,
        operationId: 'readTop',
        summary: 'Recent exchanges by app, operation, problem or source.',
        querystring: topQuery,
      },
    },
    async ({ query }, reply) => {
      const { by, order = 'exchanges', limit = TOP_DEFAULT } = query;
      const { windowSeconds = WINDOW_SECONDS_DEFAULT } = query;
      const answer = await findTop(requests, { by, order, limit, windowSeconds });
      return answer === undefined ? sendBusy(reply) : reply.send(answer);
    },
  );
}

function addOneRequest(app: FastifyInstance, requests: RecentRequests): void {
  app.get<{ Params: Static<typeof requestParams> }>(
    '/v1/requests/:id',
    {
      config: { roles: READERS },
      schema: {
        tags: TAGS,
        operationId: 'readRequest',
        summary: 'The exchanges of a request id, the latest first; callers choose these ids.',
        params: requestParams,
      },
    },
    async (request, reply) => {
      const where = { requestId: request.params.id };
      const items = await findRequests(requests, { where, order: 'latest', limit: LIMIT_MAX });
      if (items === undefined) return sendBusy(reply);
      const { memory } = requests;
      if (items.length === 0) return sendProblem(reply, adminProblem('missing', reach(memory)));
      const answer: RequestsAnswer = { items, memory };
      return reply.send(answer);
    },
  );
}

function reach({ sinceMs, maxBytes }: RecentMemory): string {
  if (maxBytes === 0) return 'No requests are kept: telemetry.recentRequestsMaxBytes is 0.';
  return `No request of that id is among those since ${new Date(sinceMs).toISOString()}.`;
}

function sendBusy(reply: FastifyReply): FastifyReply {
  return sendProblem(reply.header('retry-after', '1'), adminProblem('overloaded', BUSY));
}
