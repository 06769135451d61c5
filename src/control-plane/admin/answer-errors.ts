/** What becomes of errors and of requests that no route takes. Nothing leaves but a problem. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RegistryStoreError } from '../../stores/registry-contract.ts';
import type { Role } from './control-context.ts';
import { type AdminProblem, adminProblem, sendProblem } from './problems.ts';
import { RequestRefused } from './request-refused.ts';

const RETRY_AFTER_SECONDS = '1';

export function answerErrors(app: FastifyInstance, reportBug: (error: unknown) => void): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof RequestRefused) return sendProblem(reply, error.problem);
    if (error instanceof RegistryStoreError) {
      const problem = storeProblem(error);
      if (problem.status === 500) reportBug(error);
      if (problem.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
      return sendProblem(reply, problem);
    }
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) {
      return sendProblem(reply, requestProblem(statusCode, request));
    }
    reportBug(error);
    return sendProblem(reply, adminProblem('internal-error', 'The error was logged.'));
  });
}

function requestProblem(statusCode: number, request: FastifyRequest): AdminProblem {
  if (statusCode === 413) {
    const bytesMax = request.routeOptions.bodyLimit;
    return adminProblem('body-too-large', `The body has more than ${bytesMax} bytes.`);
  }
  if (statusCode === 415) {
    return adminProblem('malformed-request', 'A body is sent with content-type: application/json.');
  }
  return adminProblem('malformed-request', 'The request cannot be read.');
}

/** What the database said stays in the log, which its owner writes. */
function storeProblem({ code }: RegistryStoreError): AdminProblem {
  switch (code) {
    case 'unknown': {
      const detail =
        'The connection broke while it was written: read the records before repeating.';
      return adminProblem('outcome-unknown', detail);
    }
    case 'full':
      return unavailable('The disk is full');
    case 'unavailable':
    case 'stale':
      return unavailable('The store is busy or cannot be reached');
    case 'failed':
      return unavailable('The store failed');
    case 'closed':
      return unavailable('The gateway is stopping');
    case 'unusable':
      return adminProblem('internal-error', 'The error was logged.');
  }
}

function unavailable(why: string): AdminProblem {
  return adminProblem('registry-unavailable', `${why}; nothing was changed. Repeat it later.`);
}

export interface AdminRoute {
  readonly method: string;
  /** With `:id` for what is filled in. */
  readonly url: string;
  /** Who may call it; undefined where it is the listener's own. */
  readonly roles: readonly Role[] | undefined;
}

/** Every path that has a route, with its methods; filled while routes are added. */
export class RoutePaths {
  readonly routes: AdminRoute[] = [];
  private readonly methods = new Map<string, Set<string>>();

  watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ url, method, config }) => {
      const known = this.methods.get(url) ?? new Set();
      for (const each of [method].flat()) {
        known.add(each);
        this.routes.push({ method: each, url, roles: config?.roles });
      }
      this.methods.set(url, known);
    });
  }

  /** Answers a request that no route takes. */
  refuseUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const [path] = request.url.split('?', 1);
    for (const [pattern, methods] of this.methods) {
      if (!matches(pattern, path!)) continue;
      const allow = [...methods].sort().join(', ');
      reply.header('allow', allow);
      return sendProblem(reply, adminProblem('method-not-allowed', `This path takes ${allow}.`));
    }
    return sendProblem(reply, adminProblem('not-found', 'The admin listener has no such path.'));
  }
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => (part.startsWith(':') ? given[at] !== '' : part === given[at]))
  );
}
