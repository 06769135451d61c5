/** What the registry says of the payloads of an operation (docs/payloads.md). */
import Type, { type Static } from 'typebox';
import type { JsonValue } from '../../payload/payload-fault.ts';
import { record } from './record-fields.ts';

const jsonSchema = (whose: string) =>
  Type.Optional(
    Type.Unsafe<JsonValue>({
      type: 'object',
      description:
        `JSON Schema 2020-12 that ${whose} must meet. References stay within it; words that it ` +
        'does not know are refused, unless they begin with x-.',
    }),
  );

const request = record({
  schema: jsonSchema('the body of a call'),
});

const answer = record({
  schema: jsonSchema('the body of a successful answer'),
});

export const payload = Type.Optional(
  Type.Object(
    { request: Type.Optional(request), answer: Type.Optional(answer) },
    {
      description: 'How payloads are checked and converted; where absent they pass as they are.',
      additionalProperties: false,
    },
  ),
);

export type PayloadDefinition = NonNullable<Static<typeof payload>>;
