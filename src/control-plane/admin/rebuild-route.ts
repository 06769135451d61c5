/** `POST /v1/registry/rebuild`: every front compiles the registry anew, beside its traffic. */
import type { FastifyInstance } from 'fastify';
import Type, { type Static } from 'typebox';
import { WAIT_MAX_MS } from './control-plane.ts';
import { adminProblem, sendProblem } from './problems.ts';

const WAIT_DEFAULT_MS = 10_000;

const rebuildQuery = Type.Object(
  {
    wait: Type.Integer({
      description: 'Milliseconds after which the answer is that it was not done.',
      default: WAIT_DEFAULT_MS,
      minimum: 1,
      maximum: WAIT_MAX_MS,
    }),
  },
  { additionalProperties: false },
);

/** @param rebuild whether every front has done it within the milliseconds given */
export function addRebuildRoute(
  app: FastifyInstance,
  rebuild: (timeoutMs: number) => Promise<boolean>,
): void {
  app.post<{ Querystring: Static<typeof rebuildQuery> }>(
    '/v1/registry/rebuild',
    {
      config: { roles: ['operator'] },
      schema: {
        tags: ['registry'],
        operationId: 'rebuildSnapshot',
        summary: 'Have every front compile the registry anew, and wait until it serves it.',
        querystring: rebuildQuery,
      },
    },
    async (request, reply) => {
      const startedMs = performance.now();
      const isDone = await rebuild(request.query.wait);
      if (isDone) return { tookMs: Math.round(performance.now() - startedMs) };
      const detail =
        'Not every front has compiled it: GET /v1/registry/status says which serves what.';
      return sendProblem(reply, adminProblem('rebuild-failed', detail));
    },
  );
}
