/** Who may call which route: decided before a body is read. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SignedHead } from '../../core/signed-requests.ts';
import type { Authenticator } from './authenticator.ts';
import type { Principal, Role } from './control-context.ts';
import type { HostCheck } from './host-check.ts';
import type { OriginCheck } from './origin-check.ts';
import { type AdminProblem, adminProblem } from './problems.ts';
import { EVENTS_PATH } from './publish-route.ts';
import type { RateLimits } from './rate-limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For everybody who reaches the listener: nothing of the bank's is in it. */
    open?: boolean;
  }
  interface FastifyRequest {
    /** Who asks, once it is known. */
    principal: Principal | null;
    /** Of a signed request whose body is still to be compared with what was signed. */
    signedHead: SignedHead | null;
  }
}

export class AccessGate {
  private readonly hosts: HostCheck;
  private readonly origins: OriginCheck;
  private readonly authenticator: Authenticator;
  private readonly limits: RateLimits;
  private readonly showsFiguresToAll: boolean;

  /**
   * @param showsFiguresToAll whether health and figures, in which nothing of a partner's is, are
   *   for everybody who reaches the listener
   */
  constructor(
    hosts: HostCheck,
    origins: OriginCheck,
    authenticator: Authenticator,
    limits: RateLimits,
    showsFiguresToAll: boolean,
  ) {
    this.hosts = hosts;
    this.origins = origins;
    this.authenticator = authenticator;
    this.limits = limits;
    this.showsFiguresToAll = showsFiguresToAll;
  }

  static decorate(app: FastifyInstance): void {
    app.decorateRequest('principal', null);
    app.decorateRequest('signedHead', null);
  }

  /** Why a request goes no further, if it does not. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<AdminProblem | undefined> {
    const refusal = this.hosts.check(request.headers.host);
    if (refusal !== undefined) return refusal;
    if (request.ws && !this.origins.isOwn(request)) {
      return adminProblem('origin-not-allowed', 'A page of another site may not watch.');
    }
    const { config, url } = request.routeOptions;
    if (url === EVENTS_PATH && request.method === 'POST') {
      return this.admitPublisher(request, reply);
    }
    if (config.open === true) return this.limits.countSource(request, reply);
    if (config.roles !== undefined) return this.admitOperator(request, reply, config.roles);
    return this.showsFiguresToAll ? undefined : this.admitKnown(request, reply);
  }

  private async admitKnown(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AdminProblem | undefined> {
    return (
      (await this.limits.countSource(request, reply)) ?? (await this.authenticate(request, reply))
    );
  }

  private async admitOperator(
    request: FastifyRequest,
    reply: FastifyReply,
    roles: readonly Role[],
  ): Promise<AdminProblem | undefined> {
    const refusal = await this.admitKnown(request, reply);
    if (refusal !== undefined) return refusal;
    return (
      (await this.limits.countPrincipal(request, reply)) ??
      refuseRoles(request.principal!.roles, roles)
    );
  }

  private async authenticate(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AdminProblem | undefined> {
    const offersToken = this.authenticator.offersToken(request);
    const blocked = offersToken && (await this.limits.refuseGuesser(request, reply));
    if (blocked) return blocked;
    const outcome = this.authenticator.authenticate(request);
    if ('code' in outcome) {
      if (offersToken) await this.limits.countWrongToken(request);
      return outcome;
    }
    request.principal = outcome.principal;
    request.signedHead = outcome.signedHead ?? null;
    return undefined;
  }

  private async admitPublisher(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AdminProblem | undefined> {
    if (!this.authenticator.hasPublishers) {
      const detail = 'Nobody may publish: set events.publisherTokenFile and start again.';
      return adminProblem('publishing-disabled', detail);
    }
    const isOffered = request.headers.authorization !== undefined;
    const blocked = isOffered && (await this.limits.refuseGuesser(request, reply));
    if (blocked) return blocked;
    if (this.authenticator.mayPublish(request)) return undefined;
    if (isOffered) await this.limits.countWrongToken(request);
    return adminProblem('unauthorized', 'Send "authorization: Bearer" with the publisher token.');
  }
}

/** `operator` may do everything, and whoever has any role may read what `viewer` may. */
function refuseRoles(own: readonly Role[], wanted: readonly Role[]): AdminProblem | undefined {
  if (own.includes('operator') || wanted.includes('viewer')) return undefined;
  if (wanted.some(role => own.includes(role))) return undefined;
  const names = [...new Set<Role>([...wanted, 'operator'])].join(' or ');
  return adminProblem('role-insufficient', `This needs the role ${names}.`);
}
