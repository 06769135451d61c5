/** The HTTP server of the admin listener and its limits, before it has routes. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { checkRequests } from './check-requests.ts';
import { takeJsonBodies } from './json-bodies.ts';
import { type AdminProblem, adminProblem, rawProblemResponse, sendProblem } from './problems.ts';

const BODY_MAX_BYTES = 65_536;
const HEAD_TIMEOUT_MS = 10_000;
/** For a whole request: a registry of 256 MiB takes 20 s over 100 Mbit/s. */
const REQUEST_TIMEOUT_MS = 60_000;
/** In which nothing moves on a connection: longer than any answer may wait for the fronts. */
const CONNECTION_TIMEOUT_MS = 120_000;
const KEEP_ALIVE_TIMEOUT_MS = 15_000;
/** Key ids have up to 256 characters, each of which may be percent-encoded. */
const PARAMETER_MAX_CHARS = 1_024;

/** For answers that are data, never a page, and always of this moment. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export function createApp(): FastifyInstance {
  const app = fastify({
    bodyLimit: BODY_MAX_BYTES,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAMETER_MAX_CHARS },
    http: { headersTimeout: HEAD_TIMEOUT_MS },
    clientErrorHandler: answerClientError,
    frameworkErrors(_error, _request, reply) {
      const problem = adminProblem('malformed-request', 'The request target cannot be read.');
      reply.headers(SECURITY_HEADERS);
      void sendProblem(reply as FastifyReply, problem);
    },
  });
  takeJsonBodies(app, BODY_MAX_BYTES);
  app.setValidatorCompiler(checkRequests);
  // Schemas of answers are for the document: an answer is what its handler says.
  app.setSerializerCompiler(() => data => JSON.stringify(data));
  return app;
}

type HeldSocket = Socket & { readonly _httpMessage?: ServerResponse | null };

/** What is no request, or no whole one. */
function answerClientError({ code }: NodeJS.ErrnoException, socket: Socket): void {
  const { _httpMessage: answer } = socket as HeldSocket;
  // Where a request before it is being answered, this would be read as the answer or a part of it.
  const isNext = answer ? !answer.headersSent && !answer.req.complete : true;
  if (socket.writable && isNext) socket.write(rawProblemResponse(clientProblem(code)));
  socket.destroySoon();
}

function clientProblem(code: string | undefined): AdminProblem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return adminProblem('request-timeout', 'The request did not arrive in time.');
    case 'HPE_HEADER_OVERFLOW':
      return adminProblem('malformed-request', 'The head of the request is too large.');
    default:
      return adminProblem('malformed-request', 'The request is not HTTP/1.1.');
  }
}
