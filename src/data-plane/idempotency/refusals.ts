/** What a caller is told where its key does not let the call through. */
import { type Problem, problem } from '../../core/problems.ts';
import type { ClaimOutcome } from '../../stores/idempotency-contract.ts';

const OTHER_CALL = problem(
  'idempotency-key-reused',
  'The key came with another method, target, Content-Type or body before.',
);
const IN_FLIGHT = problem(
  'idempotency-in-flight',
  'The first call with the key has no answer yet.',
);
const UNKNOWN = problem(
  'idempotency-outcome-unknown',
  'The first call with the key was sent on, and its answer never came or was lost.',
);
const FULL = problem('idempotency-unavailable', 'As many keys as may be are remembered already.');
const FAILED = problem('idempotency-unavailable', 'The store of keys does not answer.');

export function refusalOf(
  outcome: Exclude<ClaimOutcome, { kind: 'granted' | 'answered' }>,
): Problem {
  switch (outcome.kind) {
    case 'other-call':
      return OTHER_CALL;
    case 'in-flight':
      return IN_FLIGHT;
    case 'unknown':
      return UNKNOWN;
    case 'not-kept':
      return problem(
        'idempotency-answer-not-kept',
        `The first call with the key was answered with status ${outcome.status}; its body was ` +
          'too large to be kept.',
      );
    case 'unavailable':
      return outcome.isFull ? FULL : FAILED;
  }
}
