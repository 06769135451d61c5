/** The audit log: page by page as JSON, or all of it as NDJSON. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import type { AuditEntry } from '../../stores/registry-contract.ts';
import type { RegistryReader } from '../registry/desk-contract.ts';
import type { ControlPlane } from './control-plane.ts';
import { holdPlaces } from './held-bytes.ts';

const NDJSON = 'application/x-ndjson';
const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1_000;
/** Entries read at once; one may have 8 MB where hundreds of records changed. */
const STEP_ENTRIES = 25;
/** Of a page; it has one entry at least. */
const PAGE_MAX_CHARS = 8_388_608;
/** Of all auditors: each holds entries for as long as its client takes to read them. */
const READINGS_MAX = 4;
const TOO_MUCH = 'The log is being read by others. Ask again later.';

const auditQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({ description: 'Only entries behind this sequence.', minimum: 0 }),
    ),
    limit: Type.Optional(
      Type.Integer({
        description: `Entries in a page; ${LIMIT_DEFAULT} where absent. NDJSON has no pages.`,
        minimum: 1,
        maximum: LIMIT_MAX,
      }),
    ),
  },
  { additionalProperties: false },
);

export function addAuditRoutes(app: FastifyInstance, { registry }: ControlPlane): void {
  const config = { roles: ['auditor'] } as const;
  app.get<{ Querystring: Static<typeof auditQuery> }>(
    '/v1/audit',
    {
      config,
      onRequest: holdPlaces(READINGS_MAX, TOO_MUCH),
      // A HEAD would read all of the log for nothing.
      exposeHeadRoute: false,
      schema: {
        ...describe('getAudit', 'Entries of the audit log, the oldest first.'),
        description: `With \`accept: ${NDJSON}\`, every entry behind \`after\`, one a line.`,
        querystring: auditQuery,
      },
    },
    async (request, reply) => {
      const { after = 0, limit = LIMIT_DEFAULT } = request.query;
      if (request.headers.accept?.toLowerCase().includes(NDJSON)) {
        const { sequence } = await registry.auditHead();
        reply.header('content-type', NDJSON);
        return reply.send(Readable.from(exportLines(registry, after, sequence)));
      }
      reply.header('content-type', 'application/json; charset=utf-8');
      return reply.send(await pageText(registry, after, limit));
    },
  );
  app.get(
    '/v1/audit/head',
    { config, schema: describe('getAuditHead', 'Where the chain of entries ends.') },
    () => registry.auditHead(),
  );
}

function describe(operationId: string, summary: string) {
  return { tags: ['audit'], operationId, summary };
}

/** `{"items": [...], "next": <sequence>}`, without next at the end of the log. */
async function pageText(registry: RegistryReader, after: number, limit: number): Promise<string> {
  const { sequence: last } = await registry.auditHead();
  const items: string[] = [];
  let chars = 0;
  let next = after;
  for await (const { sequence, text } of entryTexts(registry, after, last)) {
    if (items.length >= limit || (items.length > 0 && chars + text.length > PAGE_MAX_CHARS)) break;
    items.push(text);
    chars += text.length;
    next = sequence;
  }
  return `{"items":[${items.join(',')}]${next < last ? `,"next":${next}` : ''}}`;
}

async function* exportLines(
  registry: RegistryReader,
  after: number,
  last: number,
): AsyncIterable<string> {
  for await (const { text } of entryTexts(registry, after, last)) yield `${text}\n`;
}

/** Up to the end at the start: a busy registry would otherwise never be exported. */
async function* entryTexts(
  registry: RegistryReader,
  after: number,
  last: number,
): AsyncIterable<{ sequence: number; text: string }> {
  for (let from = after; from < last; ) {
    const entries: readonly AuditEntry[] = await registry.auditAfter(from, STEP_ENTRIES);
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (entry.sequence > last) return;
      yield { sequence: entry.sequence, text: JSON.stringify(entry) };
    }
    from = entries.at(-1)!.sequence;
  }
}
