/** Refusals: made by the rooms, written as RFC 9457 problem details by respond. */
import type { ProblemDefinition } from './problem-definition.ts';
import { PROBLEM_TABLE } from './problem-table.ts';

export type ProblemName = keyof typeof PROBLEM_TABLE;

export const PROBLEMS: Readonly<Record<ProblemName, ProblemDefinition>> = PROBLEM_TABLE;
export const PROBLEM_NAMES = Object.keys(PROBLEM_TABLE) as ProblemName[];

/** A refusal on its way to the caller. A value: rooms return it, nobody throws it. */
export interface Problem {
  readonly name: ProblemName;
  readonly status: number;
  /** Says what to change; never repeats a secret, a signature or customer data. */
  readonly detail: string;
  readonly retryAfterSeconds: number | undefined;
  /** Extra response headers, flat name, value pairs (`allow` with method-not-allowed). */
  readonly headers: readonly string[];
  /** Each place of the body that is wrong; undefined where it is not about the body. */
  readonly errors?: readonly ProblemPlace[];
}

/** As RFC 9457 section 3 shows it: the pointer is a fragment (RFC 6901 section 6). */
export interface ProblemPlace {
  readonly pointer: string;
  readonly detail: string;
}

const NO_HEADERS: readonly string[] = [];

export function problem(
  name: ProblemName,
  detail: string,
  headers: readonly string[] = NO_HEADERS,
): Problem {
  const definition = PROBLEMS[name];
  return {
    name,
    status: definition.status,
    detail,
    retryAfterSeconds: definition.retryAfterSeconds,
    headers,
  };
}

/** The same with a wait that is known better than the table knows it. */
export function problemAfter(
  name: ProblemName,
  detail: string,
  retryAfterSeconds: number,
): Problem {
  return { ...problem(name, detail), retryAfterSeconds };
}

/** The same with the places of a body that are wrong, each a JSON Pointer and what is wrong. */
export function problemAt(
  name: ProblemName,
  detail: string,
  places: readonly (readonly [pointer: string, detail: string])[],
): Problem {
  const errors = places.map(([pointer, reason]) => ({
    pointer: `#${pointer.split('/').map(encodeURIComponent).join('/')}`,
    detail: reason,
  }));
  return { ...problem(name, detail), errors };
}

/** The members of a problem document (RFC 9457 section 3), in the order in which they are shown. */
export function problemMembers(refusal: Problem) {
  return {
    type: `/problems/${refusal.name}`,
    title: PROBLEMS[refusal.name].title,
    status: refusal.status,
    code: refusal.name,
    detail: refusal.detail,
    ...(refusal.errors === undefined ? {} : { errors: refusal.errors }),
  };
}

/** The `application/problem+json` document. */
export function problemDocument(refusal: Problem, requestId: string): string {
  return JSON.stringify({ ...problemMembers(refusal), requestId });
}
