/** The routes of the shelf in the admin API (docs/shelf.md). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import type { ControlContext, Role } from '../admin/control-context.ts';
import type { RegistryWriter } from '../registry/desk-contract.ts';
import type { ImportChoices } from './convert-api.ts';
import { ShelfRefusal, sendShelfRefusal } from './problems.ts';
import { DOCUMENT_MAX_BYTES } from './read-document.ts';
import { ShelfSearch } from './search/shelf-search.ts';
import { type DocumentSource, ShelfDesk, type ShelfOptions } from './shelf-desk.ts';

const READERS: readonly Role[] = ['viewer', 'operator', 'partner-manager', 'auditor'];
const CHECKERS: readonly Role[] = ['viewer', 'operator', 'partner-manager'];
const IMPORTERS: readonly Role[] = ['operator'];
const TAGS = ['shelf'];
/** The document as a JSON string, where line ends and quotes take two bytes, and the rest. */
const BODY_MAX_BYTES = 2 * DOCUMENT_MAX_BYTES + 65_536;
/** Bodies with documents that are received or worked on at once: 256 MiB at most. */
const UPLOADS_MAX = 8;

const source = {
  document: Type.Optional(
    Type.Unknown({
      description: 'The OpenAPI document: its text (JSON or YAML), or the object itself.',
    }),
  ),
  url: Type.Optional(
    Type.String({
      description: 'Where it is, in place of document; on a host of registry.documentHosts.',
      maxLength: 2_048,
    }),
  ),
};

const deriveIds = Type.Boolean({
  description: 'Makes an id from method and path where an operationId is missing or no id of ours.',
  default: false,
});

const CheckSchema = Type.Object({ ...source, deriveIds }, { additionalProperties: false });

const reference = (description: string) =>
  Type.Optional(Type.String({ description, minLength: 1, maxLength: 256 }));

const ImportSchema = Type.Object(
  {
    ...source,
    id: reference('Id of the API; the document’s x-xingyun-id where absent.'),
    version: reference('In place of the document’s, where that is no major.minor.patch.'),
    basePath: reference('As it was where absent; for a new API the path of the first server.'),
    upstream: reference('Id of the upstream; mandatory for a new API.'),
    sandboxUpstream: reference('Id of the upstream for sandbox apps.'),
    lifecycle: Type.Optional(
      Type.Enum(['draft', 'published'], {
        description: 'As it was where absent; `published` for a new API.',
      }),
    ),
    skipInvalid: Type.Boolean({
      description: 'Takes the other operations where some cannot be taken, and lists those.',
      default: false,
    }),
    deriveIds,
    dryRun: Type.Boolean({
      description: 'Tells what would be, and stores nothing.',
      default: false,
    }),
    reason: Type.String({ description: 'For the audit log.', maxLength: 500, default: '' }),
  },
  { additionalProperties: false },
);

const ImportQuerySchema = Type.Object(
  { api: reference('Id of the API, as id in the body.') },
  { additionalProperties: false },
);

const ApiSchema = Type.Object({
  id: Type.String({ description: 'Id of the API.', minLength: 1, maxLength: 128 }),
});

const GiveSchema = Type.Object(
  { version: reference('An earlier version, as it was imported.') },
  { additionalProperties: false },
);

const SearchSchema = Type.Object(
  {
    q: Type.String({ description: 'Beginnings of words.', minLength: 1, maxLength: 200 }),
    limit: Type.Integer({ description: 'Of the answers.', default: 20, minimum: 1, maximum: 100 }),
  },
  { additionalProperties: false },
);

interface ShelfRoutesOptions extends ShelfOptions {
  /** Without the guard that others have: what is imported is looked at here. */
  readonly registry: RegistryWriter;
}

/** Adds the shelf to the admin listener; it ends with it. */
export function addShelfRoutes(
  app: FastifyInstance,
  context: ControlContext,
  options: ShelfRoutesOptions,
): void {
  const desk = new ShelfDesk(options.registry, context.clock, options);
  const search = new ShelfSearch(context.registry);
  app.addHook('onClose', () => desk.close());
  const holdUpload = limitUploads();
  addCheck(app, desk, holdUpload);
  addImport(app, desk, context, holdUpload);
  addDocuments(app, desk);
  app.get<{ Querystring: Static<typeof SearchSchema> }>(
    '/v1/search',
    {
      config: { roles: READERS },
      schema: {
        tags: TAGS,
        summary: 'Searches products, APIs and operations.',
        querystring: SearchSchema,
      },
    },
    async ({ query }) => {
      const { entries, total } = await search.search(query.q, query.limit);
      return { items: entries, total };
    },
  );
}

type UploadHook = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

/** Before the body is read: what waits already is held in memory. */
function limitUploads(): UploadHook {
  let uploads = 0;
  return async (_request, reply) => {
    if (uploads >= UPLOADS_MAX) {
      const detail = 'Other documents are being received; send it again later.';
      return sendShelfRefusal(reply, new ShelfRefusal('shelf-busy', detail));
    }
    uploads += 1;
    reply.raw.once('close', () => {
      uploads -= 1;
    });
    return undefined;
  };
}

function addCheck(app: FastifyInstance, desk: ShelfDesk, onRequest: UploadHook): void {
  app.post<{ Body: Static<typeof CheckSchema> }>(
    '/v1/shelf/check',
    {
      onRequest,
      bodyLimit: BODY_MAX_BYTES,
      config: { roles: CHECKERS },
      schema: {
        tags: TAGS,
        summary: 'Grades an OpenAPI document by the bank’s standard; nothing is stored.',
        body: CheckSchema,
      },
    },
    ({ body }, reply) => answering(reply, async () => desk.check(readSource(body), body.deriveIds)),
  );
}

function addImport(
  app: FastifyInstance,
  desk: ShelfDesk,
  context: ControlContext,
  onRequest: UploadHook,
): void {
  app.post<{
    Body: Static<typeof ImportSchema>;
    Querystring: Static<typeof ImportQuerySchema>;
  }>(
    '/v1/shelf/import',
    {
      onRequest,
      bodyLimit: BODY_MAX_BYTES,
      config: { roles: IMPORTERS },
      schema: {
        tags: TAGS,
        summary: 'Takes an OpenAPI document as an API, new or in a new version.',
        querystring: ImportQuerySchema,
        body: ImportSchema,
      },
    },
    (request, reply) =>
      answering(reply, async () => {
        const { dryRun, reason } = request.body;
        const actor = `operator:${context.principalOf(request).id}`;
        const choices = readChoices(request.body, request.query.api);
        const imported = { source: readSource(request.body), choices, actor, reason, dryRun };
        const answer = await desk.import(imported);
        if ('refusals' in answer) return context.sendRefusals(reply, answer.refusals);
        if (answer.stored && answer.isNew) {
          reply.code(201).header('location', `/v1/apis/${String(answer.api.id)}`);
        }
        return answer;
      }),
  );
}

function addDocuments(app: FastifyInstance, desk: ShelfDesk): void {
  app.get<{ Params: Static<typeof ApiSchema>; Querystring: Static<typeof GiveSchema> }>(
    '/v1/apis/:id/openapi',
    {
      config: { roles: READERS },
      schema: {
        tags: TAGS,
        summary: 'The API’s document, at the gateway’s address; as YAML where Accept asks for it.',
        params: ApiSchema,
        querystring: GiveSchema,
      },
    },
    ({ params, query, headers }, reply) =>
      answering(reply, async () => {
        if (query.version !== undefined) {
          const text = await desk.giveVersion(params.id, query.version);
          return reply.header('content-type', JSON_TYPE).send(text);
        }
        const format = wantsYaml(headers.accept) ? 'yaml' : 'json';
        const text = await desk.give(params.id, format);
        const type = format === 'yaml' ? YAML_TYPE : JSON_TYPE;
        return reply.header('vary', 'accept').header('content-type', type).send(text);
      }),
  );
  app.get<{ Params: Static<typeof ApiSchema> }>(
    '/v1/apis/:id/openapi/versions',
    {
      config: { roles: READERS },
      schema: {
        tags: TAGS,
        summary: 'The versions of the API’s document that are kept, the latest first.',
        params: ApiSchema,
      },
    },
    ({ params }, reply) =>
      answering(reply, async () => ({ items: await desk.versions(params.id) })),
  );
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** RFC 9512. */
const YAML_TYPE = 'application/yaml; charset=utf-8';

function wantsYaml(accept = ''): boolean {
  const types = accept.split(',').map(type => type.split(';', 1)[0]!.trim().toLowerCase());
  const yaml = types.findIndex(type =>
    /^(?:application|text)\/(?:x-)?(?:[a-z.]+\+)?yaml$/.test(type),
  );
  const json = types.findIndex(type => /^application\/(?:[a-z.]+\+)?json$/.test(type));
  return yaml >= 0 && (json < 0 || yaml < json);
}

async function answering<T>(reply: FastifyReply, work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ShelfRefusal) return sendShelfRefusal(reply, error);
    throw error;
  }
}

function readSource({ document, url }: Static<typeof CheckSchema>): DocumentSource {
  const refuse = (message: string) => {
    const errors = [{ pointer: '/document', code: 'document', message }];
    return new ShelfRefusal('choice-invalid', `The body /document ${message}.`, { errors });
  };
  if ((document === undefined) === (url === undefined)) {
    throw refuse('or /url must be there, one of them');
  }
  if (url !== undefined) return { url };
  if (typeof document === 'string') return { text: document };
  if (typeof document === 'object' && document !== null) return { text: JSON.stringify(document) };
  throw refuse('must be the text of a document, or an object');
}

function readChoices(body: Static<typeof ImportSchema>, api: string | undefined): ImportChoices {
  const { version, basePath, upstream, sandboxUpstream, lifecycle, skipInvalid, deriveIds } = body;
  const id = body.id ?? api;
  if (body.id !== undefined && api !== undefined && body.id !== api) {
    const message = 'names another API than the query';
    const errors = [{ pointer: '/id', code: 'id', message }];
    throw new ShelfRefusal('choice-invalid', `The body /id ${message}.`, { errors });
  }
  const said = { id, version, basePath, upstream, sandboxUpstream, lifecycle };
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), skipInvalid, deriveIds: deriveIds };
}
