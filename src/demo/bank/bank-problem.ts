/** The bank's refusals: RFC 9457, with types of their own that are not the gateway's. */
import type { FastifyReply, FastifyRequest } from 'fastify';

const TABLE = {
  'partner-missing': { status: 401, title: 'The call did not come through the gateway' },
  'parameter-invalid': { status: 400, title: 'A query parameter is not valid' },
  'body-invalid': { status: 400, title: 'The body does not follow the API document' },
  'media-type-unsupported': { status: 415, title: 'The body is not application/json' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'resource-unknown': { status: 404, title: 'There is no such resource' },
  'account-unknown': { status: 422, title: 'The order names an account that does not exist' },
  'account-same': { status: 422, title: 'Both accounts are the same' },
  'currency-mismatch': { status: 422, title: 'The currency is not the account’s' },
  'funds-insufficient': { status: 422, title: 'The account does not hold the amount' },
  'reference-reused': { status: 409, title: 'The reference belongs to another transfer' },
  'invoice-financed': { status: 409, title: 'The invoice was applied for with another content' },
  'state-conflict': { status: 409, title: 'The state does not allow this' },
  'events-off': { status: 409, title: 'The bank publishes no events' },
  'events-full': { status: 503, title: 'Too many events wait' },
  'request-invalid': { status: 400, title: 'The request cannot be processed' },
  'fault-injected': { status: 500, title: 'The status that demo-fault asked for' },
  'bank-failed': { status: 500, title: 'The bank failed' },
} as const;

export type BankProblemName = keyof typeof TABLE;

/** A value that a book returns instead of its result. */
export class BankProblem {
  readonly name: BankProblemName;
  readonly detail: string;

  constructor(name: BankProblemName, detail: string) {
    this.name = name;
    this.detail = detail;
  }
}

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: BankProblem,
  status: number = TABLE[refusal.name].status,
): FastifyReply {
  const requestId = request.headers['x-request-id'];
  const document = {
    type: `/bank-problems/${refusal.name}`,
    title: TABLE[refusal.name].title,
    status,
    code: refusal.name,
    detail: refusal.detail,
    ...(typeof requestId === 'string' ? { requestId } : {}),
  };
  return reply.code(status).type('application/problem+json').send(JSON.stringify(document));
}

/** Sends what a book returned: the problem, or the value with this status. */
export function sendResult(
  request: FastifyRequest,
  reply: FastifyReply,
  result: object,
  status = 200,
): FastifyReply {
  if (result instanceof BankProblem) return sendProblem(request, reply, result);
  return reply.code(status).send(result);
}
