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
  const bytesOf = ({ headers: { 'content-length': length } }: FastifyRequest) =>
    Math.min(length === undefined ? bodyLimit : Number(length), bodyLimit);
  return holdShares(bytesMax, bytesOf, detail);
}

/** The same for routes with large answers: at most so many are under way. */
export function holdPlaces(placesMax: number, detail: string) {
  return holdShares(placesMax, () => 1, detail);
}

function holdShares(
  sharesMax: number,
  sharesOf: (request: FastifyRequest) => number,
  detail: string,
) {
  let held = 0;
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const shares = sharesOf(request);
    if (held + shares > sharesMax) {
      reply.header('retry-after', RETRY_AFTER_SECONDS);
      return sendProblem(reply, adminProblem('overloaded', detail));
    }
    held += shares;
    reply.raw.once('close', () => {
      held -= shares;
    });
    return undefined;
  };
}
