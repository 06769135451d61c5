/** How often operators, and those who have yet to prove that they are some, may ask. */
import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AdminProblem, adminProblem } from './problems.ts';

const WINDOW_MS = 60_000;
/** Before anybody knows who asks: as much as this many operators. */
const OPERATORS_PER_SOURCE = 8;
/**
 * Wrong tokens of one address in a window. This keeps a token from being guessed that somebody has
 * made too short. Signatures are not counted: nobody guesses one, and clocks that are wrong must
 * not keep everybody out who shares the address.
 */
export const FAILURES_MAX = 20;

type Limiter = ReturnType<FastifyInstance['createRateLimit']>;

export class RateLimits {
  private readonly bySource: Limiter;
  private readonly byPrincipal: Limiter;
  private readonly failures: Limiter;
  private readonly sameToken: Limiter;

  private constructor(app: FastifyInstance, requestsPerMinuteMax: number) {
    const timeWindow = WINDOW_MS;
    const sourceMax = requestsPerMinuteMax * OPERATORS_PER_SOURCE;
    this.bySource = app.createRateLimit({ timeWindow, max: sourceMax });
    this.failures = app.createRateLimit({ timeWindow, max: FAILURES_MAX - 1 });
    this.sameToken = app.createRateLimit({ timeWindow, max: 1, keyGenerator: tokenKey });
    this.byPrincipal = app.createRateLimit({
      timeWindow,
      max: requestsPerMinuteMax,
      keyGenerator: request => request.principal!.id,
    });
  }

  static async create(app: FastifyInstance, requestsPerMinuteMax: number): Promise<RateLimits> {
    await app.register(rateLimit, { global: false });
    return new RateLimits(app, requestsPerMinuteMax);
  }

  /** Counts a request of somebody unknown. */
  async countSource(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AdminProblem | undefined> {
    const state = await this.bySource(request);
    if (state.isAllowed || !state.isExceeded) return undefined;
    return limited(reply, state.ttlInSeconds, `${state.max} requests of one address`);
  }

  /** Counts a request of the operator who is known now, and says what is left. */
  async countPrincipal(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AdminProblem | undefined> {
    const state = await this.byPrincipal(request);
    if (state.isAllowed) return undefined;
    reply.headers({
      'ratelimit-limit': state.max,
      'ratelimit-remaining': state.remaining,
      'ratelimit-reset': state.ttlInSeconds,
    });
    if (!state.isExceeded) return undefined;
    return limited(reply, state.ttlInSeconds, `${state.max} requests of one operator`);
  }

  /** Whether an address has sent wrong tokens too often to be listened to. */
  async refuseGuesser(
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<AdminProblem | undefined> {
    const state = await this.failures(request, { increment: false });
    if (state.isAllowed || !state.isExceeded) return undefined;
    reply.header('retry-after', state.ttlInSeconds);
    const detail = `There were ${FAILURES_MAX} wrong tokens within a minute: wait.`;
    return adminProblem('too-many-failures', detail);
  }

  /**
   * Counts a wrong token. The same one again is no guess but a script with an old token, which must
   * not keep its neighbours out.
   */
  async countWrongToken(request: FastifyRequest): Promise<void> {
    const same = await this.sameToken(request);
    if (same.isAllowed || !same.isExceeded) await this.failures(request);
  }
}

/** Not the token itself: what counts is kept in memory. */
function tokenKey({ ip, headers: { authorization = '' } }: FastifyRequest): string {
  return `${ip} ${createHash('sha256').update(authorization).digest('base64')}`;
}

function limited(reply: FastifyReply, seconds: number, what: string): AdminProblem {
  reply.header('retry-after', seconds);
  return adminProblem('rate-limited', `There may be ${what} in a minute: wait.`);
}
