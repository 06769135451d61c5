// Reads the keys that sign answers: what fronts are told of them, and what partners may know.
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AnswerSigning } from '../../core/answer-signing.ts';
import type { Config } from '../../core/config.ts';
import { loadSigningKey } from '../../core/signing-key.ts';
import type { AnswerSignatureSource } from '../../payload/answer-signature.ts';

type AnswersConfig = Config['answers'];
type AnswerKey = AnswersConfig['keys'][number];

/** RFC 7518 section 3.1 and RFC 8037 section 3.1: the same algorithms as JOSE names them. */
const JOSE_NAMES: Readonly<Record<AnswerKey['algorithm'], string>> = {
  'ecdsa-p256-sha256': 'ES256',
  'ecdsa-p384-sha384': 'ES384',
  ed25519: 'EdDSA',
  'rsa-pss-sha512': 'PS512',
  'rsa-v1_5-sha256': 'RS256',
};

/**
 * Undefined where no answer is signed.
 * @throws Error that names the file, where one holds no key of its algorithm
 */
export function loadAnswerSigning({ sign, keys }: AnswersConfig): AnswerSigning | undefined {
  const [first] = keys;
  if (sign === 'never' || first === undefined) return undefined;
  const loaded = keys.map(key => ({ key, ...load(key) }));
  const source: AnswerSignatureSource = {
    kind: 'answer-signature',
    keyId: first.id,
    algorithm: first.algorithm,
    privateKey: loaded[0]!.privateKey,
  };
  const jwks = { keys: loaded.map(({ jwk }) => jwk) };
  return { programSource: JSON.stringify(source), jwks: JSON.stringify(jwks) };
}

function load({ id, algorithm, privateKeyFile }: AnswerKey) {
  try {
    const key = loadSigningKey(algorithm, readFileSync(privateKeyFile, 'utf8'));
    const jwk = createPublicKey(key).export({ format: 'jwk' });
    return {
      privateKey: String(key.export({ type: 'pkcs8', format: 'pem' })),
      jwk: { ...jwk, kid: id, use: 'sig', alg: JOSE_NAMES[algorithm] },
    };
  } catch (error) {
    // Never with what the file holds.
    const reason = error instanceof TypeError ? error.message : 'it cannot be read as a key';
    throw new Error(`${privateKeyFile}: ${reason}`, { cause: error });
  }
}
