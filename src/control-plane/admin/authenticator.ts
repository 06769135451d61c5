/** Finds out who asks: by a bearer token (RFC 6750 section 2.1) or a signature (RFC 9421). */
import { createHash, timingSafeEqual } from 'node:crypto';
import { parseCookie } from 'cookie';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../../core/clock.ts';
import type { RequestHead, SignedHead, SignedRequestCheck } from '../../core/signed-requests.ts';
import { type ConsoleSessions, SESSION_COOKIE } from '../console/console-sessions.ts';
import type { OperatorDirectory } from '../operators/operator-directory.ts';
import type { Principal } from './control-context.ts';
import type { OriginCheck } from './origin-check.ts';
import { type AdminProblem, adminProblem, fromPartnersTable } from './problems.ts';

const CONSOLE_FIELD = 'x-xingyun-console';

export interface AuthenticatorOptions {
  /** Asked anew for each request. */
  readonly operators: () => OperatorDirectory;
  /** Undefined where operators have tokens only. */
  readonly signedRequests: SignedRequestCheck | undefined;
  /** Opens the publication of events and nothing else. */
  readonly publisherToken: string | undefined;
  /** Of operators who signed in with a browser. */
  readonly sessions: ConsoleSessions;
  readonly origins: OriginCheck;
  readonly clock: Clock;
}

/** Who was found; a body that a signature covers is still to be compared. */
export interface Authenticated {
  readonly principal: Principal;
  readonly signedHead: SignedHead | undefined;
}

export class Authenticator {
  private readonly options: AuthenticatorOptions;
  private readonly publisher: Buffer | undefined;

  constructor(options: AuthenticatorOptions) {
    this.options = options;
    const { publisherToken } = options;
    this.publisher = publisherToken === undefined ? undefined : sha256(publisherToken);
  }

  /** Whether anybody could be let in. */
  get hasOperators(): boolean {
    return !this.options.operators().isEmpty;
  }

  get hasPublishers(): boolean {
    return this.publisher !== undefined || this.hasOperators;
  }

  /** Whether a request is judged by something that could be guessed. */
  offersToken(request: FastifyRequest): boolean {
    return request.headers.authorization !== undefined && !this.isSigned(request);
  }

  /** A signature counts where there are both: it says more than a token. */
  authenticate(request: FastifyRequest): Authenticated | AdminProblem {
    if (this.isSigned(request)) return this.bySignature(request);
    const { authorization, cookie } = request.headers;
    const secret = authorization === undefined ? sessionSecret(cookie) : undefined;
    return secret === undefined ? this.byToken(request) : this.bySession(request, secret);
  }

  /** By the cookie alone, whatever else comes with it. */
  signedIn(request: FastifyRequest): Principal | undefined {
    const secret = sessionSecret(request.headers.cookie);
    const outcome = secret === undefined ? undefined : this.bySession(request, secret);
    return outcome === undefined || 'code' in outcome ? undefined : outcome.principal;
  }

  /** Whether who was let in may stay on a connection: the nonce of a signature counts once. */
  mayStay(request: FastifyRequest): boolean {
    const { principal } = request;
    if (principal === null || !this.isSigned(request))
      return !('code' in this.authenticate(request));
    const { operators, clock } = this.options;
    return operators().byId(principal.id, clock.wallMs()) !== undefined;
  }

  /** Whether it has the publisher's token, or that of an operator with the role `operator`. */
  mayPublish({ headers: { authorization } }: FastifyRequest): boolean {
    const token = bearerToken(authorization);
    if (token === undefined) return false;
    const { operators, clock } = this.options;
    // Both are compared, so that the time does not tell which of them is nearer.
    const operator = operators().byToken(token, clock.wallMs());
    const isPublisher =
      this.publisher !== undefined && timingSafeEqual(sha256(token), this.publisher);
    return isPublisher || operator?.roles.includes('operator') === true;
  }

  private isSigned(request: FastifyRequest): boolean {
    return this.options.signedRequests?.isSigned(headOf(request)) === true;
  }

  byToken({ headers: { authorization } }: FastifyRequest): Authenticated | AdminProblem {
    const token = bearerToken(authorization);
    const { operators, clock } = this.options;
    const principal = token && operators().byToken(token, clock.wallMs());
    if (!principal) {
      const detail = 'Send "authorization: Bearer" with an operator’s token, or sign the request.';
      return adminProblem('unauthorized', detail);
    }
    return { principal, signedHead: undefined };
  }

  /** A cookie comes with requests of other sites' pages too; what they cannot do is asked for. */
  private bySession(request: FastifyRequest, secret: string): Authenticated | AdminProblem {
    // A page of another site cannot set a field of ours without being asked.
    const isConsole = isSafe(request) || request.headers[CONSOLE_FIELD] === '1';
    if (!isConsole || !this.options.origins.isOwn(request)) {
      const detail = `Of a signed-in browser only the console may ask, with "${CONSOLE_FIELD}: 1".`;
      return adminProblem('unauthorized', detail);
    }
    const principal = this.options.sessions.find(secret);
    if (principal !== undefined) return { principal, signedHead: undefined };
    return adminProblem('unauthorized', 'The sign-in has ended: sign in again.');
  }

  private bySignature(request: FastifyRequest): Authenticated | AdminProblem {
    const { operators, signedRequests, clock } = this.options;
    const directory = operators();
    const signedHead = signedRequests!.check(headOf(request), directory.keys);
    if ('detail' in signedHead) return fromPartnersTable(signedHead);
    const principal = directory.byId(signedHead.operatorId, clock.wallMs());
    if (principal === undefined) {
      return adminProblem('key-inactive', 'The operator of this key is not let in any more.');
    }
    return { principal, signedHead };
  }
}

function headOf({ method, raw, headers }: FastifyRequest): RequestHead {
  const lines = raw.rawHeaders.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
  const length = headers['content-length'];
  return {
    method,
    target: raw.url ?? '/',
    authority: headers.host ?? '',
    headers: lines,
    hasBody: headers['transfer-encoding'] !== undefined || Number(length ?? 0) > 0,
  };
}

export function sessionSecret(cookie: string | undefined): string | undefined {
  return cookie === undefined ? undefined : parseCookie(cookie)[SESSION_COOKIE];
}

function isSafe({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
