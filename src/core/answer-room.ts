import type { Exchange } from './exchange.ts';
import { type Problem, problem } from './problems.ts';

/**
 * There is an answer, and no room for what is to be done with it. `overloaded` guarantees that the
 * call did not reach its upstream, and callers repeat it for that: of one that did, it must not be
 * said.
 */
export function noRoomForAnswer({ attempts }: Exchange, detail: string): Problem {
  return problem(attempts > 0 ? 'answer-overloaded' : 'overloaded', detail);
}
