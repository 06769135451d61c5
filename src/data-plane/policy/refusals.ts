/** What a caller is told where a limit stands in the way. */
import { type Problem, problem, problemAfter } from '../../core/problems.ts';
import type { Limit, LimitClaim } from '../../stores/limit-contract.ts';

const MS_PER_SECOND = 1_000;

/** Whose limit it is, by its name: never who else has used it. */
const WHOSE: Readonly<Record<string, string>> = {
  app: 'this app',
  partner: 'all apps of this partner',
  plan: 'all apps under this plan',
  operation: 'this operation, of all callers',
  'app-operation': 'this app at this operation',
  merchant: 'this merchant of the app',
};

export function refusalOf({ waitMs }: LimitClaim, { name, rule }: Limit): Problem {
  const seconds = Math.max(1, Math.ceil(waitMs / MS_PER_SECOND));
  switch (rule.kind) {
    case 'rate': {
      const detail = `The rate of ${WHOSE[name]} is used up for now.`;
      return problemAfter('rate-limited', detail, seconds);
    }
    case 'quota':
      return problemAfter(
        'quota-exceeded',
        `The ${name}’s calls of this app are used up.`,
        seconds,
      );
    case 'concurrency': {
      const whose = WHOSE[name.slice(0, -'-calls'.length)];
      return problem('too-many-in-flight', `As many calls of ${whose} as may be are in flight.`);
    }
  }
}
