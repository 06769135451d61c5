/** `/v1/tuning`, fronts, circuits and blocked sources (docs/tuning.md). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import {
  BATCH_JOBS_MAX,
  PLACEMENTS,
  QUEUE_JOBS_MAX,
  WORK_KINDS,
  WORKERS_MAX,
} from '../../core/pool-settings.ts';
import type { ControlContext, Role } from '../admin/control-context.ts';
import { adminProblem, sendProblem } from '../admin/problems.ts';
import { reasonNeeded, reasonNeededBody } from '../admin/write-query.ts';
import { actorOf } from '../operators/operator-directory.ts';
import { type HostControls, LOG_LEVELS, type TunedSettings } from './host-controls.ts';
import type { TuningDesk, Turn, TurnRefusal } from './tuning-desk.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];
const TURNERS: readonly Role[] = ['operator'];
const TAGS = ['tuning'];
const OPEN_DEFAULT_MS = 60_000;
const OPEN_MAX_MS = 86_400_000;

const strict = { additionalProperties: false } as const;
const placement = Type.Enum([...PLACEMENTS]);
const optionalInteger = (description: string, maximum: number) =>
  Type.Optional(Type.Integer({ description, minimum: 1, maximum }));

const TuningSchema = Type.Object(
  {
    workersPerFront: optionalInteger('Worker threads of each front.', WORKERS_MAX),
    batchMax: optionalInteger('Jobs in one batch.', BATCH_JOBS_MAX),
    queueMax: optionalInteger('Jobs that wait for a worker.', QUEUE_JOBS_MAX),
    placement: Type.Optional(placement),
    placements: Type.Optional(
      Type.Object(Object.fromEntries(WORK_KINDS.map(kind => [kind, Type.Optional(placement)])), {
        ...strict,
        description: 'Of single kinds of work; in the place of those before.',
      }),
    ),
    logLevel: Type.Optional(Type.Enum([...LOG_LEVELS])),
    reason: reasonNeeded,
  },
  strict,
);
const CircuitSchema = Type.Object(
  {
    state: Type.Enum(['open', 'closed']),
    openMs: Type.Optional(
      Type.Integer({
        description: `Before calls try the upstream again; ${OPEN_DEFAULT_MS} where absent.`,
        minimum: 1_000,
        maximum: OPEN_MAX_MS,
      }),
    ),
    reason: reasonNeeded,
  },
  strict,
);
const SourceSchema = Type.Object(
  {
    source: Type.String({ description: 'An address, or a network as CIDR.', maxLength: 64 }),
    reason: reasonNeeded,
  },
  strict,
);
const FrontParams = Type.Object({ front: Type.Integer({ minimum: 0, maximum: 1_023 }) });
const UpstreamParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 1_024 }) });
const SourceParams = Type.Object({
  source: Type.String({ description: 'Percent-encoded.', minLength: 1, maxLength: 64 }),
});

export interface TuningParts {
  readonly host: HostControls;
  readonly desk: TuningDesk;
}

export function addTuningRoutes(
  app: FastifyInstance,
  context: ControlContext,
  { host, desk }: TuningParts,
): void {
  const turnOf = (request: FastifyRequest, why: string): Turn => ({
    actor: actorOf(context.principalOf(request)),
    reason: why,
  });
  addSettings(app, host, desk, turnOf);
  addFronts(app, host, desk, turnOf);
  addCircuits(app, desk, turnOf);
  addSources(app, desk, turnOf);
}

type TurnOf = (request: FastifyRequest, reason: string) => Turn;

function addSettings(
  app: FastifyInstance,
  host: HostControls,
  desk: TuningDesk,
  turnOf: TurnOf,
): void {
  app.get(
    '/v1/tuning',
    { config: { roles: READERS }, schema: about('getTuning', 'What is turned, and what may be.') },
    () => describe(host),
  );
  app.patch<{ Body: Static<typeof TuningSchema> }>(
    '/v1/tuning',
    {
      config: { roles: TURNERS },
      schema: {
        ...about('changeTuning', 'Turn the pools of all fronts, or the log, of this host.'),
        description: 'Until the process ends: then the configuration holds again.',
        body: TuningSchema,
      },
    },
    async request => {
      const { reason: why, ...patch } = request.body;
      await desk.tune(turnOf(request, why), patch as Partial<TunedSettings>);
      return describe(host);
    },
  );
  app.delete<{ Querystring: Static<typeof reasonNeededBody> }>(
    '/v1/tuning',
    {
      config: { roles: TURNERS },
      schema: {
        ...about('resetTuning', 'Turn all back to the configuration.'),
        querystring: reasonNeededBody,
      },
    },
    async request => {
      await desk.reset(turnOf(request, request.query.reason));
      return describe(host);
    },
  );
}

function addFronts(
  app: FastifyInstance,
  host: HostControls,
  desk: TuningDesk,
  turnOf: TurnOf,
): void {
  for (const [path, isDrained] of [
    ['drain', true],
    ['undrain', false],
  ] as const) {
    const summary = isDrained
      ? 'Take a front out of service: its connections move to the others.'
      : 'Take a front back into service.';
    app.post<{ Params: Static<typeof FrontParams>; Body: Static<typeof reasonNeededBody> }>(
      `/v1/fronts/:front/${path}`,
      {
        config: { roles: TURNERS },
        schema: { ...about(`${path}Front`, summary), params: FrontParams, body: reasonNeededBody },
      },
      async (request, reply) => {
        const { front } = request.params;
        const turn = turnOf(request, request.body.reason);
        const refusal = await desk.setDrained(turn, front, isDrained);
        return refusal === undefined ? describe(host) : refuse(reply, `Front ${front}`, refusal);
      },
    );
  }
}

function addCircuits(app: FastifyInstance, desk: TuningDesk, turnOf: TurnOf): void {
  app.post<{ Params: Static<typeof UpstreamParams>; Body: Static<typeof CircuitSchema> }>(
    '/v1/upstreams/:id/circuit',
    {
      config: { roles: TURNERS },
      schema: {
        ...about(
          'turnCircuit',
          'Open the circuit breaker of an upstream for a while, or close it.',
        ),
        params: UpstreamParams,
        body: CircuitSchema,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { state, openMs = OPEN_DEFAULT_MS, reason: why } = request.body;
      const turn = turnOf(request, why);
      const refusal = await desk.setCircuit(turn, id, state === 'open' ? openMs : 0);
      if (refusal !== undefined) return refuse(reply, `The upstream ${id}`, refusal);
      return reply.code(204).send();
    },
  );
}

function addSources(app: FastifyInstance, desk: TuningDesk, turnOf: TurnOf): void {
  app.get(
    '/v1/blocked-sources',
    {
      config: { roles: READERS },
      schema: about('listBlockedSources', 'Addresses and networks from which nothing is taken.'),
    },
    () => ({ items: desk.sources }),
  );
  app.post<{ Body: Static<typeof SourceSchema> }>(
    '/v1/blocked-sources',
    {
      config: { roles: TURNERS },
      schema: {
        ...about('blockSource', 'Take nothing from an address or a network any more.'),
        description: 'Of this host; it outlives restarts.',
        body: SourceSchema,
      },
    },
    async (request, reply) => {
      const { source, reason: why } = request.body;
      const refusal = await desk.block(turnOf(request, why), source);
      if (refusal !== undefined) return refuse(reply, source, refusal);
      return reply.code(201).send({ items: desk.sources });
    },
  );
  app.delete<{ Params: Static<typeof SourceParams>; Querystring: Static<typeof reasonNeededBody> }>(
    '/v1/blocked-sources/:source',
    {
      config: { roles: TURNERS },
      schema: {
        ...about('unblockSource', 'Take calls from an address or a network again.'),
        params: SourceParams,
        querystring: reasonNeededBody,
      },
    },
    async (request, reply) => {
      const { source } = request.params;
      const refusal = await desk.unblock(turnOf(request, request.query.reason), source);
      if (refusal !== undefined) return refuse(reply, source, refusal);
      return reply.send({ items: desk.sources });
    },
  );
}

function describe(host: HostControls) {
  return {
    settings: host.settings,
    configured: host.configured,
    limits: {
      workersPerFront: { min: 1, max: WORKERS_MAX },
      batchMax: { min: 1, max: BATCH_JOBS_MAX },
      queueMax: { min: 1, max: QUEUE_JOBS_MAX },
    },
    costs: host.kinds().map(({ kind, micros, runs }) => ({ kind, micros, placement: runs })),
    fronts: host.fronts(),
  };
}

function refuse(reply: FastifyReply, subject: string, { code, message }: TurnRefusal) {
  return sendProblem(reply, adminProblem(code, `${subject} ${message}.`));
}

function about(operationId: string, summary: string) {
  return { tags: TAGS, operationId, summary };
}
