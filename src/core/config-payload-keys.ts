import Type from 'typebox';

const key = Type.Object(
  {
    kid: Type.String({
      description: 'What envelopes call it.',
      pattern: '^[A-Za-z0-9._-]{1,128}$',
      form: 'an id of 1 to 128 letters, digits, ., _ or -',
    }),
    algorithm: Type.Enum(['RSA-OAEP-256', 'ECDH-ES', 'SM2'], {
      description: 'The one that it is used with.',
    }),
    reference: Type.String({
      description: 'Where it is: `file:` and a path relative to this file, or `env:` and a name.',
      minLength: 5,
      maxLength: 1_024,
    }),
  },
  { additionalProperties: false },
);

const keys = (description: string) => Type.Array(key, { description, default: [], maxItems: 6 });

/** Keys of encrypted payloads (docs/data-security.md). */
export const payloadKeyFields = {
  ownKeys: keys('Private keys of the bank, which decrypt what partners send; any of them.'),
  partnerKeys: Type.Array(
    Type.Object(
      {
        partner: Type.String({ description: 'Id of the partner.', minLength: 1, maxLength: 128 }),
        keys: keys('Its public keys; the first one encrypts what it gets.'),
      },
      { additionalProperties: false },
    ),
    { description: 'For whom answers can be encrypted.', default: [], maxItems: 10_000 },
  ),
};
