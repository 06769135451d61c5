/** The OpenAPI document of the admin listener, from the schemas that its routes are checked by. */
import swagger, { type SwaggerTransform } from '@fastify/swagger';
import type { FastifyContextConfig, FastifyInstance, FastifySchema } from 'fastify';
import { VERSION } from '../../version.ts';
import { RECORD_KINDS, type RecordKind } from '../registry/kinds.ts';
import { EVENTS_PATH } from './publish-route.ts';

export const DOCUMENT_PATH = '/v1/openapi.json';

const DESCRIPTION =
  'Partners, apps, keys, the shelf and who may use it; who changed what. ' +
  'docs/admin-api.md has the rules that hold for all routes.';

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'Token of an operator.' },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'signature',
    description:
      'HTTP Message Signature (RFC 9421) with a key of an operator: covers @method, @target-uri ' +
      '(or @authority, @path and @query) and content-digest, with created, nonce and keyid.',
  },
} as const;

type Json = string | number | boolean | null | undefined | readonly Json[] | JsonSchema;
interface JsonSchema {
  readonly [name: string]: Json;
}

const META = {
  type: 'object',
  description: 'What the registry knows of the record. Ignored where it is sent.',
  readOnly: true,
  properties: {
    id: { type: 'string', description: 'As in the path.' },
    version: { type: 'integer', description: 'Of the record; its entity tag has it.' },
    revision: { type: 'integer', description: 'Of the registry, which brought this version.' },
    createdAt: { type: 'string', format: 'date-time' },
    updatedAt: { type: 'string', format: 'date-time' },
  },
};

const PROBLEM = {
  type: 'object',
  description: 'A refusal (RFC 9457).',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stays; programs decide by it.' },
    detail: { type: 'string', description: 'What to change, for people.' },
    errors: {
      type: 'array',
      maxItems: 100,
      items: {
        type: 'object',
        properties: {
          pointer: { type: 'string', description: 'RFC 6901; empty for the whole.' },
          code: { type: 'string' },
          message: { type: 'string', description: 'A verb phrase.' },
          record: { type: 'string', description: '`<kind>/<id>`.' },
        },
      },
    },
    errorsTotal: { type: 'integer' },
  },
};

const PROBLEM_RESPONSE = {
  description: 'Refused; docs/admin-api.md has the codes.',
  content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
};

/** The name of a kind's schema in the document: `Partner`. */
export function schemaName(kind: RecordKind): string {
  return kind[0]!.toUpperCase() + kind.slice(1);
}

/** Collects the routes that are added from now on. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Xingyun admin API', version: VERSION, description: DESCRIPTION },
      servers: [{ url: '/' }],
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    refResolver: { buildLocalReference: ({ $id }) => String($id) },
    transform: describeRoute,
    convertConstToEnum: false,
  });
  app.addSchema({ $id: 'Meta', ...META });
  app.addSchema({ $id: 'Problem', ...PROBLEM });
  for (const { kind, schema } of RECORD_KINDS) {
    const { properties, ...rest } = plain(schema as unknown as JsonSchema) as JsonSchema;
    const shown = { ...(properties as JsonSchema), meta: { $ref: 'Meta#' } };
    app.addSchema({ $id: schemaName(kind), ...rest, properties: shown });
  }
}

/** Serves the document; it says nothing of what is in the registry. */
export function addDocumentRoute(app: FastifyInstance): void {
  let text: string | undefined;
  const schema = { tags: ['gateway'], summary: 'This document.', operationId: 'getOpenApi' };
  app.get(DOCUMENT_PATH, { config: { open: true }, schema }, (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.header('content-type', 'application/json; charset=utf-8').send(text);
  });
}

/** What every route has in common is said here, so that no route has to repeat it. */
const describeRoute: SwaggerTransform = ({ schema, url, route }) => {
  const { response, description, ...rest } = (schema ?? {}) as FastifySchema;
  const { roles } = route.config ?? {};
  const who = roles === undefined ? [] : [`Roles: ${rolesText(roles)}.`];
  const text = [description, ...who].filter(Boolean).join('\n\n');
  return {
    url,
    schema: {
      operationId: operationIdOf([route.method].flat()[0]!, url),
      ...(plain(rest as JsonSchema) as FastifySchema),
      ...(text === '' ? {} : { description: text }),
      security: securityOf(url, route.config ?? {}),
      response: {
        ...(plain((response ?? { 200: { description: 'Done.' } }) as JsonSchema) as object),
        default: PROBLEM_RESPONSE,
      },
    },
  };
};

/** Where a route names none: `postShelfCheck`. */
function operationIdOf(method: string, url: string): string {
  const words = url.replace('/v1/', '').split(/[^A-Za-z0-9]+/);
  return (
    method.toLowerCase() + words.map(word => word.replace(/^./, c => c.toUpperCase())).join('')
  );
}

/** The ways in, any of which is enough; `{}` is none at all (OpenAPI 3.1 section 4.8.30). */
function securityOf(url: string, { roles, open }: FastifyContextConfig) {
  if (open === true) return [];
  if (url === EVENTS_PATH) return [{ bearer: [] }];
  const ways = [{ bearer: [] }, { signature: [] }];
  // Health and figures need a token where one is made for them.
  return roles === undefined ? [{}, ...ways] : ways;
}

function rolesText(roles: readonly string[]): string {
  if (roles.includes('viewer')) return 'any';
  return [...new Set([...roles, 'operator'])].join(', ');
}

/**
 * A copy in the words of JSON Schema alone: `form` is for our messages, and what has a default may
 * be left out of a request.
 */
function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value as JsonSchema).filter(([name]) => name !== 'form');
  const copy = Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
  const { required, properties } = copy as { required?: Json; properties?: Json };
  if (!Array.isArray(required) || typeof properties !== 'object') return copy;
  const needed = required.filter(name => {
    const property = (properties as Record<string, JsonSchema>)[String(name)];
    return property?.default === undefined;
  });
  return { ...copy, required: needed };
}
