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
    apps: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
        description: 'Apps that its tokens may speak for; every app where absent.',
        maxItems: 10_000,
      }),
    ),
    bearer: Type.Boolean({
      description:
        'Whether its tokens count that are bound to no client certificate and no key (DPoP): ' +
        'whoever has read one may use it.',
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
  dpopNonce: Type.Boolean({
    description: 'Whether proofs of DPoP must have a nonce of the gateway (RFC 9449 section 9).',
    default: false,
  }),
  lifetimeMaxMs: integer('Longest time from `iat` to `exp`.', 3_600_000, 10_000, 86_400_000),
  rememberedMax: integer(
    'Tokens that were checked and are remembered, per front.',
    65_536,
    1_024,
    1_048_576,
  ),
  jwksStaleMaxMs: integer(
    'How long keys count that cannot be read again.',
    86_400_000,
    60_000,
    2_592_000_000,
  ),
  jwksRefreshMs: integer('How often JWK Sets are read again.', 300_000, 10_000, 86_400_000),
});
