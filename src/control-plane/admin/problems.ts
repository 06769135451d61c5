/** The errors of the admin listener; a test holds the table in docs/admin-api.md to them. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { PROBLEMS, type Problem, type ProblemName } from '../../core/problems.ts';

/** Those that the partners' table does not have, or has with another meaning. */
export const ADMIN_PROBLEMS = {
  unauthorized: { status: 401, title: 'The credentials are missing or wrong' },
  'role-insufficient': { status: 403, title: 'Another role is needed' },
  'own-request': { status: 403, title: 'A second person must decide' },
  'publishing-disabled': { status: 403, title: 'No publisher token is configured' },
  'origin-not-allowed': { status: 403, title: 'The request comes from a page of another site' },
  missing: { status: 404, title: 'No such record' },
  conflict: { status: 409, title: 'Records that name each other do not fit' },
  'read-only': { status: 409, title: 'The registry is read from a file' },
  'approval-required': { status: 409, title: 'A second person must approve it' },
  'not-pending': { status: 409, title: 'The approval is decided or has expired' },
  stale: { status: 412, title: 'The record has changed since it was read' },
  'host-not-allowed': { status: 421, title: 'The Host field does not name this listener' },
  invalid: { status: 422, title: 'It does not fit its schema, or cannot be so' },
  'event-invalid': { status: 422, title: 'An event does not fit the registry or the journal' },
  'precondition-required': { status: 428, title: 'The request must say which version it means' },
  'rate-limited': { status: 429, title: 'Too many requests in a minute' },
  'too-many-failures': { status: 429, title: 'Too many wrong credentials from this address' },
  'journal-unavailable': { status: 503, title: 'The event journal takes no events now' },
  'registry-unavailable': { status: 503, title: 'The store of the registry takes no changes now' },
  'rebuild-failed': { status: 503, title: 'A front goes on with the snapshot that it has' },
  'outcome-unknown': { status: 503, title: 'The change may or may not have been made' },
} as const;

type OwnProblemName = keyof typeof ADMIN_PROBLEMS;

export type AdminProblemName = OwnProblemName | ProblemName;

export interface AdminProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: AdminProblemName;
  readonly detail: string;
}

/** An RFC 9457 document; codes outside the partners' table have no page, so about:blank. */
export function adminProblem(name: AdminProblemName, detail: string): AdminProblem {
  if (isOwn(name)) {
    const { status, title } = ADMIN_PROBLEMS[name];
    return { type: 'about:blank', title, status, code: name, detail };
  }
  const { status, title } = PROBLEMS[name];
  return { type: `/problems/${name}`, title, status, code: name, detail };
}

/** A refusal by the verify room, which signed requests of operators go through as well. */
export function fromPartnersTable({ name, detail }: Problem): AdminProblem {
  return adminProblem(name, detail);
}

function isOwn(name: AdminProblemName): name is OwnProblemName {
  return Object.hasOwn(ADMIN_PROBLEMS, name);
}

/** @param problem may have further members (RFC 9457 section 3.2) */
export function sendProblem(reply: FastifyReply, problem: AdminProblem): FastifyReply {
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problem));
}

/** The same for bytes that are not HTTP, written where there is no request to reply to. */
export function rawProblemResponse(problem: AdminProblem): string {
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
