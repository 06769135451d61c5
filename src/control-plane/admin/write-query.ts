/**
 * What writes have in common: a time to wait for the fronts in the query, and a reason; in the
 * query too where the body is a record or nothing, in the body of an action.
 */
import Type from 'typebox';
import { WAIT_MAX_MS } from './control-plane.ts';

const REASON = {
  description: 'Why, for the audit log.',
  pattern: '^[^\\x00-\\x1f\\x7f]{1,500}$',
  form: '1 to 500 characters without control characters',
};

export const reasonMember = Type.Optional(Type.String(REASON));

export const waitParameter = Type.Optional(
  Type.Integer({
    description:
      'Milliseconds for which the answer waits until every front serves the change; the header ' +
      'x-registry-served says whether they do.',
    minimum: 0,
    maximum: WAIT_MAX_MS,
  }),
);

export interface WriteQuery {
  readonly reason?: string;
  readonly wait?: number;
}

export const writeQuery = Type.Object(
  { reason: reasonMember, wait: waitParameter },
  { additionalProperties: false },
);

/** Of actions, which have a body for the reason. */
export const waitQuery = Type.Object({ wait: waitParameter }, { additionalProperties: false });

export interface ActionBody {
  readonly reason?: string;
}

export const reasonBody = Type.Object({ reason: reasonMember }, { additionalProperties: false });

export const reasonNeeded = Type.String(REASON);

/** For decisions that say why. */
export const reasonNeededBody = Type.Object(
  { reason: reasonNeeded },
  { additionalProperties: false },
);
