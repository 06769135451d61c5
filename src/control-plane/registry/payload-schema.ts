/** What the registry says of the payloads of an operation (docs/payloads.md). */
import Type, { type Static } from 'typebox';
import { FORMATS } from '../../payload/formats/index.ts';
import { EXPRESSION_MAX_CHARS } from '../../payload/jsonata/index.ts';
import { mappingSchema } from '../../payload/mapping/index.ts';
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

const conversion = {
  encryptedBody: Type.Optional(
    Type.Boolean({
      description: 'On the partner’s side it is an envelope as a whole (docs/data-security.md).',
    }),
  ),
  encryptedFields: Type.Optional(
    Type.Array(
      Type.String({ description: 'JSON Pointer; `*` for every element.', maxLength: 512 }),
      {
        description: 'On the partner’s side these are envelopes, each alone.',
        maxItems: 64,
      },
    ),
  ),
  upstreamFormat: Type.Optional(
    Type.Enum(Object.keys(FORMATS), {
      description: 'In what the bank has it: `json` where absent (docs/formats.md).',
    }),
  ),
  mapping: Type.Optional(mappingSchema),
  expression: Type.Optional(
    Type.String({
      description: 'JSONata for what steps cannot say, behind the mapping (docs/mapping.md).',
      minLength: 1,
      maxLength: EXPRESSION_MAX_CHARS,
    }),
  ),
  expressionTimeoutMs: Type.Optional(
    Type.Integer({
      description: 'How long one evaluation may take; 100 where absent.',
      minimum: 1,
      maximum: 2_000,
    }),
  ),
};

const request = record({
  schema: jsonSchema('the body of a call'),
  ...conversion,
});

const answer = record({
  schema: jsonSchema('the body of a successful answer, as the caller gets it,'),
  ...conversion,
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

export type DirectionDefinition = Static<typeof request>;
export type PayloadDefinition = NonNullable<Static<typeof payload>>;
