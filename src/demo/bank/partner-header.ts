import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BankProblem, sendProblem } from './bank-problem.ts';

/** Set by the gateway, which accepts it from nobody: the bank's only notion of who calls. */
const PARTNER_HEADER = 'x-xingyun-partner';

/** The calling partner; present on every request that {@link requirePartner} let through. */
export function partnerOf(request: FastifyRequest): string {
  return request.headers[PARTNER_HEADER] as string;
}

export function requirePartner(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    const partner = request.headers[PARTNER_HEADER];
    if (typeof partner === 'string' && /^[\w.-]{1,64}$/.test(partner)) return;
    const detail = 'The header that names the partner is missing.';
    await sendProblem(request, reply, new BankProblem('partner-missing', detail));
  });
}
