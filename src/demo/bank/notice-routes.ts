/** The sandbox's way to see an event that everyone gets. */
import type { FastifyInstance } from 'fastify';
import type { SchemaCompiler } from './api-document.ts';
import type { BankEvents, NoticeOrder } from './bank-events.ts';
import { BankProblem, sendProblem } from './bank-problem.ts';
import { checkBody } from './check-body.ts';

export function registerNoticeRoutes(
  server: FastifyInstance,
  events: BankEvents,
  schemas: SchemaCompiler,
): void {
  const validate = schemas.compile('sandbox', '/components/schemas/NoticeOrder');

  server.post('/sandbox/v1/notices', (request, reply) => {
    const order = checkBody<NoticeOrder>(validate, request.body);
    if (order instanceof BankProblem) return sendProblem(request, reply, order);
    const notice = events.publishNotice(order);
    if (notice === 'off') {
      const detail = 'The bank was started without --publish-url.';
      return sendProblem(request, reply, new BankProblem('events-off', detail));
    }
    if (notice === 'full') {
      const detail = 'Too many events wait for the gateway; try again later.';
      return sendProblem(request, reply, new BankProblem('events-full', detail));
    }
    return reply.code(202).send(notice);
  });
}
