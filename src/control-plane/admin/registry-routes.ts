/** The registry as a whole: exported, compared with lists and made what they say, and its state. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { JsonObject } from '../../stores/registry-contract.ts';
import { type NeededApproval, neededByMany } from '../approvals/approval-rules.ts';
import { actorOf } from '../operators/operator-directory.ts';
import type {
  ApplyRequest,
  ApplyResult,
  PlannedChange,
  ProposedChange,
  RegistryLists,
} from '../registry/desk-contract.ts';
import { idOf, PROCESS_KINDS, RECORD_KINDS } from '../registry/kinds.ts';
import { Pace } from '../registry/pace.ts';
import { refuseRevivals } from './check-writes.ts';
import type { ControlPlane } from './control-plane.ts';
import { holdBytes, holdPlaces } from './held-bytes.ts';
import { adminProblem } from './problems.ts';
import { withItems } from './refusals.ts';
import { reasonMember, waitQuery } from './write-query.ts';

/** A registry of 7,100 APIs and 80,000 keys has about 60 MB as JSON. */
const LISTS_MAX_BYTES = 268_435_456;
const TOO_MUCH = 'Another registry is being compared or applied. Send it again later.';
/** Records whose text is made in one go, which takes about a millisecond. */
const EXPORT_CHUNK_RECORDS = 250;
/** Each holds the registry of its start for as long as its client takes to read it. */
const EXPORTS_MAX = 4;
const TOO_MANY_EXPORTS = 'The registry is being exported by others. Ask again later.';

/** What the composition root knows beside the registry itself. */
export interface RegistryFacts {
  readonly driver: string;
  /** Which revision each front serves. */
  readonly fronts: readonly { readonly front: number; readonly version: number }[];
  /** Why the last revision did not reach a front, or the store could not be followed. */
  readonly lastFailure?: { readonly at: string; readonly message: string } | undefined;
}

const listsBody = Type.Object(
  {
    lists: Type.Object(
      Object.fromEntries(
        RECORD_KINDS.map(({ list }) => [
          list,
          Type.Optional(Type.Array(Type.Unknown(), { description: 'Records, checked by kind.' })),
        ]),
      ),
      { description: 'As GET /v1/registry/export gives them.', additionalProperties: false },
    ),
    prune: Type.Optional(
      Type.Boolean({ description: 'Whether records go that the lists do not have.' }),
    ),
    ifRevision: Type.Optional(
      Type.Integer({ description: 'Refused where the registry has moved on.', minimum: 0 }),
    ),
    reason: reasonMember,
  },
  { additionalProperties: false },
);

type ListsBody = Static<typeof listsBody>;

interface ListsRequest {
  Body: ListsBody;
  Querystring: Static<typeof waitQuery>;
}

export function addRegistryRoutes(
  app: FastifyInstance,
  control: ControlPlane,
  facts: () => RegistryFacts,
): void {
  const { registry } = control;
  const readers = { roles: ['viewer'] } as const;
  app.get(
    '/v1/registry/export',
    {
      config: readers,
      onRequest: holdPlaces(EXPORTS_MAX, TOO_MANY_EXPORTS),
      // A HEAD would write all of it for nothing.
      exposeHeadRoute: false,
      schema: describe('exportRegistry', 'All records, as registry.yaml lists them.'),
    },
    (_request, reply) => {
      reply.header('x-registry-revision', registry.revision);
      reply.header('content-type', 'application/json; charset=utf-8');
      return reply.send(Readable.from(exportText(registry.export())));
    },
  );
  app.get(
    '/v1/registry/status',
    { config: readers, schema: describe('getRegistryStatus', 'Revision, store, fronts, counts.') },
    () => statusOf(control, facts()),
  );
  const hold = holdBytes(LISTS_MAX_BYTES, LISTS_MAX_BYTES, TOO_MUCH);
  const large = { bodyLimit: LISTS_MAX_BYTES, onRequest: hold };
  const plan = describe('planRegistry', 'What applying lists would change.');
  app.post<ListsRequest>(
    '/v1/registry/plan',
    { ...large, config: readers, schema: { ...plan, body: listsBody } },
    async (request, reply) => {
      const read = readLists(control, request);
      const planned = 'refusals' in read ? read : await planLists(control, read);
      if ('refusals' in planned) return control.sendRefusals(reply, planned.refusals);
      return reply.send(planned);
    },
  );
  const apply = describe('applyRegistry', 'Make the registry what lists say, all or nothing.');
  app.post<ListsRequest>(
    '/v1/registry/apply',
    {
      ...large,
      config: { roles: ['operator'] },
      schema: { ...apply, body: listsBody, querystring: waitQuery },
    },
    (request, reply) => applyLists(control, request, reply),
  );
}

function describe(operationId: string, summary: string) {
  return { tags: ['registry'], operationId, summary };
}

function statusOf({ registry }: ControlPlane, { driver, fronts, lastFailure }: RegistryFacts) {
  const kinds = [...RECORD_KINDS.map(({ kind }) => kind), ...PROCESS_KINDS];
  return {
    revision: registry.revision,
    // What `fronts` count by: above the revision where the database was ever set back.
    version: registry.version,
    store: { driver },
    fronts,
    ...(lastFailure === undefined ? {} : { lastFailure }),
    counts: Object.fromEntries(kinds.map(kind => [kind, registry.count(kind)])),
  };
}

/** Text in pieces: all of it at once would hold the thread for a second. */
function* exportText(lists: RegistryLists): Iterable<string> {
  let before = '{';
  for (const { list } of RECORD_KINDS) {
    yield `${before}${JSON.stringify(list)}:[`;
    const records = lists[list] ?? [];
    for (let from = 0; from < records.length; from += EXPORT_CHUNK_RECORDS) {
      const chunk = records.slice(from, from + EXPORT_CHUNK_RECORDS);
      yield (from === 0 ? '' : ',') + chunk.map(record => JSON.stringify(record)).join(',');
    }
    yield ']';
    before = ',';
  }
  yield '}';
}

type Refused = Extract<ApplyResult, { readonly refusals: unknown }>;
type Planned = Exclude<ApplyResult, { readonly refusals: unknown }> & {
  /** What a second person must approve, and apply therefore refuses. */
  readonly approvals: readonly NeededApproval[];
};

async function planLists(
  control: ControlPlane,
  { actor, lists, prune, ifRevision }: ReadLists,
): Promise<Planned | Refused> {
  const planned = await control.registry.apply({
    ...{ actor, reason: '', lists, prune, dryRun: true },
    ...(ifRevision !== undefined && { ifRevision }),
  });
  if ('refusals' in planned) return planned;
  const changes = proposedBy(planned.plan, lists);
  const refusals = refuseRevivals(control.registry, changes);
  if (refusals.length > 0) return { refusals };
  const pace = new Pace(control.clock);
  return { ...planned, approvals: await neededByMany(control.registry, changes, pace) };
}

async function applyLists(
  control: ControlPlane,
  request: FastifyRequest<ListsRequest>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const read = readLists(control, request);
  if ('refusals' in read) return control.sendRefusals(reply, read.refusals);
  const planned = await planLists(control, read);
  if ('refusals' in planned) return control.sendRefusals(reply, planned.refusals);
  if (planned.approvals.length > 0) return refuseUnapproved(control, reply, planned.approvals);
  const applied = await control.registry.apply({
    ...{ ...read, dryRun: false },
    // Where it was asked for or not: what needs an approval was looked for in this one.
    ifRevision: read.ifRevision ?? planned.revision,
  });
  if ('refusals' in applied) return control.sendRefusals(reply, applied.refusals);
  const served = await control.confirm(reply, applied.revision, request.query.wait ?? 0);
  return reply.send({ ...applied, ...(served === undefined ? {} : { served }) });
}

type ReadLists = Omit<ApplyRequest, 'dryRun'>;

/** The schema says nothing of records: it would list each of a million that are none. */
function readLists(
  control: ControlPlane,
  request: FastifyRequest<ListsRequest>,
): ReadLists | Refused {
  const { lists, prune = false, ifRevision, reason = '' } = request.body;
  for (const { kind, list } of RECORD_KINDS) {
    const index = (lists[list] ?? []).findIndex(record => !isObject(record));
    if (index < 0) continue;
    const message = `must be a list of objects, and record ${index + 1} is none`;
    return { refusals: [{ code: 'invalid', kind, id: undefined, pointer: '', message }] };
  }
  return {
    actor: actorOf(control.principalOf(request)),
    ...{ reason, lists: lists as RegistryLists, prune },
    ...(ifRevision !== undefined && { ifRevision }),
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseUnapproved(
  control: ControlPlane,
  reply: FastifyReply,
  approvals: readonly NeededApproval[],
): FastifyReply {
  const detail = 'Make these changes one by one under /v1, where a second person approves them.';
  const items = approvals.map(({ rule, kind, id }) => ({
    ...{ pointer: '', code: 'approval-required', record: `${kind}/${id}` },
    message: `needs an approval, which a plan asks for (${rule})`,
  }));
  return control.sendProblem(reply, withItems(adminProblem('approval-required', detail), items));
}

/** The changes of a plan with what the lists say. */
function proposedBy(plan: readonly PlannedChange[], lists: RegistryLists): ProposedChange[] {
  const wanted = new Set(plan.map(({ kind, id }) => `${kind}/${id}`));
  const bodies = new Map<string, JsonObject>();
  for (const { kind, list } of RECORD_KINDS) {
    for (const body of lists[list] ?? []) {
      const name = `${kind}/${idOf(kind, body)}`;
      if (wanted.has(name)) bodies.set(name, body);
    }
  }
  return plan.map(({ kind, id }) => ({ kind, id, body: bodies.get(`${kind}/${id}`) }));
}
