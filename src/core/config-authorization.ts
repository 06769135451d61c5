import Type from 'typebox';
import { integer, section } from './config-fields.ts';

export const authorizationSection = section(
  'The gateway’s own authorization server (docs/tokens.md); off without an issuer.',
  {
    issuer: Type.Optional(
      Type.String({
        description:
          'Its `iss` (RFC 8414): the URL under which partners reach this listener, without a path.',
        pattern: '^https?://[^/?#@\\s]{1,255}$',
        form: 'a URL of https without a path, or of http on loopback',
      }),
    ),
    audience: Type.Optional(
      Type.String({
        description: 'The `aud` of its tokens; the issuer where absent.',
        minLength: 1,
        maxLength: 512,
      }),
    ),
    bearer: Type.Boolean({
      description:
        'Whether a client that shows neither a certificate nor a DPoP proof gets a token all the ' +
        'same: whoever has read one may use it.',
      default: false,
    }),
    algorithm: Type.Enum(['ES256', 'PS256', 'EdDSA'], {
      description: 'What new keys sign tokens with.',
      default: 'ES256',
    }),
    tokenLifetimeMs: integer('From `iat` to `exp` of a token.', 300_000, 10_000, 3_600_000),
    keyRotationMs: integer(
      'How long a key signs tokens.',
      2_592_000_000,
      3_600_000,
      31_622_400_000,
    ),
    keyPublishAheadMs: integer(
      'How long a key is in the JWK Set, which is kept for 300 s, before it signs; at most half ' +
        'of keyRotationMs.',
      86_400_000,
      300_000,
      2_592_000_000,
    ),
    dpopNonce: Type.Boolean({
      description: 'Whether proofs need a nonce of the token endpoint (RFC 9449 section 8).',
      default: false,
    }),
    revokedMax: integer('Tokens that are revoked and not expired.', 65_536, 1_024, 1_048_576),
    inFlightMax: integer('Requests to it at once, per front.', 64, 1, 1_024),
  },
);
