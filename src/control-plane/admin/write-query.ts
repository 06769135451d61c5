/** The query parameters that writes have in common. */
import Type from 'typebox';
import { WAIT_MAX_MS } from './control-plane.ts';

const REASON = {
  description: 'Why, for the audit log.',
  pattern: '^[^\\x00-\\x1f\\x7f]{1,500}$',
  form: '1 to 500 characters without control characters',
};

export const reasonParameter = Type.Optional(Type.String(REASON));

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
  { reason: reasonParameter, wait: waitParameter },
  { additionalProperties: false },
);

/** For decisions that say why. */
export const reasonedQuery = Type.Object(
  { reason: Type.String(REASON), wait: waitParameter },
  { additionalProperties: false },
);
