import Type from 'typebox';
import { integer, section } from './config-fields.ts';

const issuer = Type.Object(
  {
    issuer: Type.String({
      description: 'The `iss` of its tokens, character for character.',
      minLength: 1,
      maxLength: 512,
    }),
    audience: Type.String({
      description: 'What the `aud` of its tokens must name: this gateway.',
      minLength: 1,
      maxLength: 512,
    }),
    jwksFile: Type.Optional(
      Type.String({ description: 'Its JWK Set as a file; this or jwksUrl.' }),
    ),
    jwksUrl: Type.Optional(
      Type.String({
        description: 'Where its JWK Set is fetched from; http on loopback only.',
        pattern: '^https?://[^\\s@]{1,1000}$',
        form: 'a URL of https without a user, or of http on loopback',
      }),
    ),
    bearer: Type.Boolean({
      description:
        'Whether its tokens count that are bound to no client certificate: whoever has read one ' +
        'may use it.',
      default: false,
    }),
  },
  { additionalProperties: false },
);

export const tokensSection = section('Access tokens in the place of signatures (RFC 9068).', {
  issuers: Type.Array(issuer, {
    description: 'Whose tokens are accepted (docs/tokens.md).',
    default: [],
    maxItems: 16,
  }),
  lifetimeMaxMs: integer('Longest time from `iat` to `exp`.', 3_600_000, 10_000, 86_400_000),
  rememberedMax: integer(
    'Tokens that were checked and are remembered, per front.',
    65_536,
    1_024,
    1_048_576,
  ),
  jwksRefreshMs: integer('How often JWK Sets are read again.', 300_000, 10_000, 86_400_000),
});
