/** One fresh key per algorithm, with what a foreign verifier needs. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { REGISTERED_ALGORITHMS, type SignatureAlgorithm } from '../../src/core/snapshot.ts';

export interface TestKey {
  readonly algorithm: SignatureAlgorithm;
  readonly privateKey: KeyObject | Buffer;
  /** PEM, or the secret. */
  readonly verifier: string | Buffer;
}

function pair(algorithm: SignatureAlgorithm): TestKey {
  const { privateKey, publicKey } = generatePair(algorithm);
  return { algorithm, privateKey, verifier: publicKey.export({ type: 'spki', format: 'pem' }) };
}

function generatePair(algorithm: SignatureAlgorithm) {
  switch (algorithm) {
    case 'ecdsa-p256-sha256':
      return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    case 'ecdsa-p384-sha384':
      return generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    default:
      return generateKeyPairSync('rsa', { modulusLength: 2_048 });
  }
}

export function testKey(algorithm: SignatureAlgorithm): TestKey {
  if (algorithm !== 'hmac-sha256') return pair(algorithm);
  const secret = randomBytes(32);
  return { algorithm, privateKey: secret, verifier: secret };
}

/** Of the algorithms that foreign implementations of RFC 9421 know. */
export const TEST_KEYS: readonly TestKey[] = REGISTERED_ALGORITHMS.map(testKey);
