import type { AdminProblem } from './problems.ts';

/**
 * A refusal from where Fastify takes errors only: while a body is parsed or a route is validated.
 * The error handler answers it; nothing else is thrown on purpose.
 */
export class RequestRefused extends Error {
  readonly problem: AdminProblem;

  constructor(problem: AdminProblem) {
    super(problem.detail);
    this.name = 'RequestRefused';
    this.problem = problem;
  }
}
