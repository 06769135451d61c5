/** The refusals of the shelf as RFC 9457 documents; docs/shelf.md has them as a table. */
import type { FastifyReply } from 'fastify';

export const SHELF_PROBLEMS = {
  'document-invalid': { status: 422, title: 'The document cannot be taken as it is' },
  'document-too-slow': { status: 422, title: 'The document takes too long to look at' },
  'document-too-heavy': { status: 422, title: 'The document takes too much memory' },
  'choice-invalid': { status: 422, title: 'What was said beside the document cannot be so' },
  'style-blocked': { status: 422, title: 'The document breaks the bank’s standard' },
  'breaking-change': { status: 409, title: 'The version breaks what partners rely on' },
  'version-too-low': { status: 409, title: 'The version does not follow the stored one' },
  'url-refused': { status: 422, title: 'Documents are not fetched from there' },
  'url-failed': { status: 502, title: 'The document could not be fetched' },
  'document-missing': { status: 404, title: 'The API has no such document' },
  'shelf-busy': { status: 503, title: 'Too many documents are being worked on' },
  'shelf-failed': { status: 500, title: 'The document could not be worked on' },
} as const;

export type ShelfProblemName = keyof typeof SHELF_PROBLEMS;

/** A refusal on purpose: thrown where the work is, answered by the route. */
export class ShelfRefusal extends Error {
  readonly code: ShelfProblemName;
  /** Further members of the problem (RFC 9457 section 3.2). */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: ShelfProblemName, detail: string, members: ShelfRefusal['members'] = {}) {
    super(detail);
    this.name = 'ShelfRefusal';
    this.code = code;
    this.members = members;
  }
}

const RETRY_AFTER_SECONDS = '5';

export function sendShelfRefusal(reply: FastifyReply, refusal: ShelfRefusal): FastifyReply {
  const { code, message, members } = refusal;
  const { status, title } = SHELF_PROBLEMS[code];
  if (status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  const problem = { type: 'about:blank', title, status, code, detail: message, ...members };
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problem));
}
