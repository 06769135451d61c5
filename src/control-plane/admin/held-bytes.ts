import type { FastifyReply, FastifyRequest } from 'fastify';
import { adminProblem, sendProblem } from './problems.ts';

const RETRY_AFTER_SECONDS = '1';

/**
 * A hook for routes with large bodies: each takes its share of `bytesMax` from its head to its
 * answer, what it announces, or as much as it may be where it announces nothing.
 *
 * @param detail what there is too much of
 */
export function holdBytes(bodyLimit: number, bytesMax: number, detail: string) {
  let heldBytes = 0;
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const length = request.headers['content-length'];
    const bytes = Math.min(length === undefined ? bodyLimit : Number(length), bodyLimit);
    if (heldBytes + bytes > bytesMax) {
      reply.header('retry-after', RETRY_AFTER_SECONDS);
      return sendProblem(reply, adminProblem('overloaded', detail));
    }
    heldBytes += bytes;
    reply.raw.once('close', () => {
      heldBytes -= bytes;
    });
    return undefined;
  };
}
