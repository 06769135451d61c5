import Type from 'typebox';
import { integer, section } from './config-fields.ts';

/** Those of RFC 9421 section 3.3 that one side alone can sign with. */
export const ANSWER_ALGORITHMS = [
  'ecdsa-p256-sha256',
  'ed25519',
  'rsa-pss-sha512',
  'rsa-v1_5-sha256',
  'ecdsa-p384-sha384',
] as const;

const key = Type.Object(
  {
    id: Type.String({
      description: 'The `keyid` of its signatures and its `kid` in the published JWK Set; unique.',
      pattern: '^[A-Za-z0-9._-]{1,128}$',
      form: 'an id of 1 to 128 letters, digits, ., _ or -',
    }),
    algorithm: Type.Enum([...ANSWER_ALGORITHMS], { description: 'What it signs with.' }),
    privateKeyFile: Type.String({
      description: 'PKCS #8 in PEM, for the gateway’s eyes only, relative to this file.',
    }),
  },
  { additionalProperties: false },
);

export const answersSection = section('Signatures of answers (docs/answers.md).', {
  sign: Type.Enum(['never', 'requested', 'always'], {
    description:
      'Which answers are signed: `requested`, those to calls with Accept-Signature (RFC 9421 ' +
      'section 5.1); `always`, all of them, problems too.',
    default: 'never',
  }),
  keys: Type.Array(key, {
    description:
      'The first one signs, all are published: put the next one last first, and first when every ' +
      'partner has had time to read it.',
    default: [],
    maxItems: 8,
  }),
  bodyMaxBytes: integer(
    'Largest body that is signed: it is gathered first. A longer answer is refused.',
    1_048_576,
    1_024,
    16_777_216,
  ),
});
