import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { PROBLEMS, type ProblemName } from '../../core/problems.ts';

/** Errors of the admin listener that the partners' table does not have. */
const ADMIN_PROBLEMS = {
  unauthorized: { status: 401, title: 'The bearer token is missing or wrong' },
  'host-not-allowed': { status: 421, title: 'The Host field does not name this listener' },
  'publishing-disabled': { status: 403, title: 'No publisher token is configured' },
  'event-invalid': { status: 422, title: 'An event does not fit the registry or the journal' },
  'journal-unavailable': { status: 503, title: 'The event journal takes no events now' },
} as const;

type OwnProblemName = keyof typeof ADMIN_PROBLEMS;

export type AdminProblemName =
  | OwnProblemName
  | Extract<
      ProblemName,
      | 'malformed-request'
      | 'body-too-large'
      | 'not-found'
      | 'method-not-allowed'
      | 'overloaded'
      | 'internal-error'
    >;

/** An RFC 9457 document; codes outside the partners' table have no page, so about:blank. */
export function adminProblem(name: AdminProblemName, detail: string): AdminProblem {
  if (isOwn(name)) {
    const { status, title } = ADMIN_PROBLEMS[name];
    return { type: 'about:blank', title, status, code: name, detail };
  }
  const { status, title } = PROBLEMS[name];
  return { type: `/problems/${name}`, title, status, code: name, detail };
}

function isOwn(name: AdminProblemName): name is OwnProblemName {
  return Object.hasOwn(ADMIN_PROBLEMS, name);
}

export interface AdminProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: AdminProblemName;
  readonly detail: string;
}

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
