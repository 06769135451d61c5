/** The routes of every kind of record: list, read, write, change, delete. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { JsonObject } from '../../stores/registry-contract.ts';
import type { PersonsChange } from '../approvals/approval-desk.ts';
import type { ChangeRefusal, ListRequest, ShownRecord } from '../registry/desk-contract.ts';
import { RECORD_KINDS, type RecordKind } from '../registry/kinds.ts';
import { checkAllButBody } from './check-requests.ts';
import { refuseRevivals, refuseStatus } from './check-writes.ts';
import type { Role } from './control-context.ts';
import type { ControlPlane } from './control-plane.ts';
import { MERGE_PATCH } from './json-bodies.ts';
import { mergePatch } from './merge-patch.ts';
import { schemaName } from './openapi.ts';
import { entityTag, isUnchanged, type Precondition, readPrecondition } from './preconditions.ts';
import { type AdminProblem, adminProblem } from './problems.ts';
import { decodeCursor, viewPage, viewRecord, withoutMeta } from './record-view.ts';
import { type WriteQuery, writeQuery } from './write-query.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
/** Of one record, which the registry takes up to 1 MiB of. */
const RECORD_BODY_MAX_BYTES = 2_097_152;

/** Whose records are a partner's own affairs; the others are the bank's shelf. */
const PARTNERS_KINDS: readonly RecordKind[] = ['partner', 'app', 'key', 'subscription'];

/** By which properties a list can be narrowed. */
export const FILTERS: Readonly<Record<RecordKind, readonly string[]>> = {
  partner: ['class', 'status'],
  app: ['partner', 'environment', 'status'],
  key: ['app', 'algorithm', 'revoked'],
  upstream: [],
  api: ['upstream', 'sandboxUpstream', 'lifecycle', 'direction'],
  topic: ['api', 'audience'],
  product: ['apis'],
  plan: [],
  subscription: ['app', 'product', 'plan', 'status'],
};

interface ById {
  Params: { readonly id: string };
  Querystring: WriteQuery;
}

export const idParameter = Type.Object({
  id: Type.String({ description: 'Percent-encoded.', minLength: 1, maxLength: 1_024 }),
});

/** Who may write records of a kind, beside `operator`. */
export function writersOf(kind: RecordKind): readonly Role[] {
  return PARTNERS_KINDS.includes(kind) ? ['partner-manager'] : ['operator'];
}

export function addRecordRoutes(app: FastifyInstance, control: ControlPlane): void {
  for (const { kind, list } of RECORD_KINDS) {
    addReads(app, control, kind, list);
    new RecordWrites(control, kind).addTo(app, `/v1/${list}/:id`, list);
  }
}

export function pageParameters(filters: readonly string[] = []) {
  return Type.Object(
    {
      limit: Type.Optional(
        Type.Integer({
          description: `Records in the answer; ${LIMIT_DEFAULT} where absent.`,
          minimum: 1,
          maximum: LIMIT_MAX,
        }),
      ),
      cursor: Type.Optional(
        Type.String({ description: '`next` of the page before.', maxLength: 2_048 }),
      ),
      ...Object.fromEntries(filters.map(name => [name, filterParameter(name)])),
    },
    { additionalProperties: false },
  );
}

function filterParameter(name: string) {
  const description = `Only those whose \`${name}\` is, or has, this value.`;
  return Type.Optional(Type.String({ description, minLength: 1, maxLength: 256 }));
}

/** The page that a query asks for. */
export function listRequest(
  kind: ListRequest['kind'],
  { limit, cursor, ...where }: { limit?: number; cursor?: string } & Record<string, unknown>,
) {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  if (typeof after === 'object') return after;
  return {
    ...{ kind, limit: limit ?? LIMIT_DEFAULT, where: where as Record<string, string> },
    ...(after !== undefined && { after }),
  } satisfies ListRequest;
}

function addReads(app: FastifyInstance, control: ControlPlane, kind: RecordKind, list: string) {
  const name = schemaName(kind);
  const record = { $ref: `${name}#` };
  const readers = { roles: ['viewer'] } as const;
  const page = {
    description: 'A page, in the order of ids.',
    type: 'object',
    required: ['items'],
    properties: {
      items: { type: 'array', items: record },
      next: { type: 'string', description: 'The cursor of the next page, where there may be one.' },
    },
  };
  app.get<{ Querystring: Record<string, string> }>(
    `/v1/${list}`,
    {
      config: readers,
      schema: {
        ...{ tags: [list], operationId: `list${capital(list)}`, summary: `List ${list}.` },
        querystring: pageParameters(FILTERS[kind]),
        response: { 200: page },
      },
    },
    (request, reply) => {
      const asked = listRequest(kind, request.query);
      if ('code' in asked) return control.sendProblem(reply, asked);
      return reply.send(viewPage(control.registry.list(asked)));
    },
  );
  app.get<ById>(
    `/v1/${list}/:id`,
    {
      config: readers,
      schema: {
        ...{ tags: [list], operationId: `get${name}`, summary: `Read one of ${list}.` },
        params: idParameter,
        response: {
          200: { ...record, description: 'As it is, with its entity tag.' },
          304: { type: 'null', description: 'Still the version that If-None-Match names.' },
        },
      },
    },
    ({ params, headers }, reply) => {
      const current = control.registry.get(kind, params.id);
      if (current === undefined) return sendMissing(control, reply, kind, params.id);
      if (!isUnchanged(headers, current.version)) return sendRecord(reply, current);
      return reply.code(304).header('etag', entityTag(current.version)).send();
    },
  );
}

/** Writes of one kind of record. */
class RecordWrites {
  private readonly control: ControlPlane;
  private readonly kind: RecordKind;

  constructor(control: ControlPlane, kind: RecordKind) {
    this.control = control;
    this.kind = kind;
  }

  addTo(app: FastifyInstance, url: string, list: string): void {
    const name = schemaName(this.kind);
    const schema = { tags: [list], params: idParameter, querystring: writeQuery };
    const options = {
      config: { roles: writersOf(this.kind) },
      bodyLimit: RECORD_BODY_MAX_BYTES,
      validatorCompiler: checkAllButBody,
    };
    const answers = {
      200: { $ref: `${name}#`, description: 'As it is now.' },
      202: { description: 'A second person must approve it: `location` has the approval.' },
    };
    const body = { $ref: `${name}#` };
    const put = { operationId: `put${name}`, summary: `Create or replace one of ${list}.` };
    app.put<ById>(
      url,
      {
        ...options,
        schema: {
          ...{ ...schema, ...put, body },
          response: { 201: { ...body, description: 'It is new.' }, ...answers },
        },
      },
      (request, reply) => this.put(request, reply),
    );
    const patch = { operationId: `patch${name}`, summary: `Change one of ${list} (RFC 7396).` };
    app.patch<ById>(
      url,
      {
        ...options,
        schema: {
          ...{
            ...schema,
            ...patch,
            response: answers,
            consumes: [MERGE_PATCH, 'application/json'],
          },
          body: { type: 'object', description: 'What changes; null takes a member out.' },
        },
      },
      (request, reply) => this.patch(request, reply),
    );
    const remove = { operationId: `delete${name}`, summary: `Delete one of ${list}.` };
    const removed = { 204: { type: 'null', description: 'It is gone.' }, 202: answers[202] };
    app.delete<ById>(
      url,
      { ...options, schema: { ...schema, ...remove, response: removed } },
      (request, reply) => this.delete(request, reply),
    );
  }

  private put(request: FastifyRequest<ById>, reply: FastifyReply) {
    const expected = readPrecondition(request.headers, true);
    if (isProblem(expected)) return this.control.sendProblem(reply, expected);
    if (!isObject(request.body)) return this.refuseBody(reply);
    return this.write(request, reply, expected, withoutMeta(request.body));
  }

  private patch(request: FastifyRequest<ById>, reply: FastifyReply) {
    const expected = readPrecondition(request.headers, false);
    if (isProblem(expected)) return this.control.sendProblem(reply, expected);
    if (!isObject(request.body)) return this.refuseBody(reply);
    const { id } = request.params;
    const current = this.control.registry.get(this.kind, id);
    if (current === undefined) return sendMissing(this.control, reply, this.kind, id);
    const merged = mergePatch(current.body, withoutMeta(request.body)) as JsonObject;
    return this.write(request, reply, expected, merged);
  }

  private delete(request: FastifyRequest<ById>, reply: FastifyReply) {
    const expected = readPrecondition(request.headers, false);
    if (isProblem(expected)) return this.control.sendProblem(reply, expected);
    return this.write(request, reply, expected, undefined);
  }

  private async write(
    request: FastifyRequest<ById>,
    reply: FastifyReply,
    expected: Precondition,
    body: JsonObject | undefined,
  ): Promise<FastifyReply> {
    const { control, kind } = this;
    const { id } = request.params;
    const { reason = '', wait = 0 } = request.query;
    const current = control.registry.get(kind, id);
    if (current === undefined && expected !== 'absent') {
      return sendMissing(control, reply, kind, id);
    }
    // Decided here: a version that somebody else is about to make has not been read by anybody.
    if (typeof expected === 'object' && !expected.has(current!.version)) {
      return control.sendRefusals(reply, [staleRefusal(current!)]);
    }
    const principal = control.principalOf(request);
    const skip = kind === 'partner' && body && refuseStatus(principal, current?.body, body);
    if (skip) return control.sendProblem(reply, skip);
    const ifVersion = expected === 'absent' ? 0 : current!.version;
    const verb = body === undefined ? 'delete' : current === undefined ? 'create' : 'update';
    const changes = [{ kind, id, ifVersion, body: body && this.named(id, body) }];
    const revived = refuseRevivals(control.registry, changes);
    if (revived.length > 0) return control.sendRefusals(reply, revived);
    const change: PersonsChange = { action: `${kind}.${verb}`, reason, changes };
    const outcome = await control.approvals.propose(principal, change);
    if ('refusals' in outcome) return control.sendRefusals(reply, outcome.refusals);
    await control.confirm(reply, outcome.revision, 'approval' in outcome ? 0 : wait);
    if ('approval' in outcome) return control.sendPending(reply, outcome.approval);
    const [record] = outcome.records;
    if (record === undefined) return reply.code(204).send();
    if (verb !== 'create') return sendRecord(reply, record);
    return sendRecord(reply.code(201).header('location', request.url.split('?', 1)[0]), record);
  }

  /** The path says the id; a body may leave it out. */
  private named(id: string, body: JsonObject): JsonObject {
    return this.kind === 'subscription' || body.id !== undefined ? body : { ...body, id };
  }

  private refuseBody(reply: FastifyReply): FastifyReply {
    const detail = `The body is the ${this.kind} as a JSON object.`;
    return this.control.sendProblem(reply, adminProblem('malformed-request', detail));
  }
}

function isProblem(read: Precondition | AdminProblem): read is AdminProblem {
  return typeof read === 'object' && 'code' in read;
}

function staleRefusal({ kind, id, version }: ShownRecord): ChangeRefusal {
  const message = `has version ${version}, which If-Match does not name`;
  return { code: 'stale', kind, id, pointer: '', message };
}

export function sendMissing(
  control: ControlPlane,
  reply: FastifyReply,
  kind: string,
  id: string,
): FastifyReply {
  return control.sendProblem(reply, adminProblem('missing', `${kind}/${id} is not there.`));
}

export function sendRecord(reply: FastifyReply, record: ShownRecord): FastifyReply {
  return reply.header('etag', entityTag(record.version)).send(viewRecord(record));
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function capital(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
