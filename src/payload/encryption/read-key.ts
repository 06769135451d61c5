/** Keys as PEM (SubjectPublicKeyInfo, PKCS #8) or as JWK (RFC 7517), and whether they fit. */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { parseUntrustedObject } from '../../core/untrusted-json.ts';
import type { Secrecy } from './key-sources/key-source.ts';
import type { EncryptionAlgorithm } from './payload-cipher.ts';
import { isSm2Key } from './sm2-transport.ts';

/** RFC 7518 section 4.3. */
const RSA_MODULUS_MIN_BITS = 2_048;
/** One decryption takes seven times what it takes with the least. */
const RSA_MODULUS_MAX_BITS = 4_096;
const PEM_LABEL = { public: 'PUBLIC KEY', private: 'PRIVATE KEY' } as const;

/** The key, or in a few words why the text is none that serves. They repeat nothing of it. */
export function readKey(
  text: string,
  secrecy: Secrecy,
  algorithm: EncryptionAlgorithm,
): KeyObject | string {
  const key = text.trimStart().startsWith('{')
    ? readJwk(text, secrecy, algorithm)
    : readPem(text, secrecy);
  if (typeof key === 'string') return key;
  return fits(key, algorithm) ? key : `is no key for ${algorithm}`;
}

function readPem(text: string, secrecy: Secrecy): KeyObject | string {
  const label = PEM_LABEL[secrecy];
  if (!text.includes(`-----BEGIN ${label}-----`)) return `has no PEM with ${label}, and is no JWK`;
  // node:crypto would take its public half: but then somebody has a key that is another's.
  if (secrecy === 'public' && text.includes(PEM_LABEL.private)) return 'has a private key';
  return importKey({ key: text, format: 'pem' }, secrecy);
}

function readJwk(
  text: string,
  secrecy: Secrecy,
  algorithm: EncryptionAlgorithm,
): KeyObject | string {
  const jwk = parseUntrustedObject(Buffer.from(text));
  if (jwk === undefined) return 'is no JWK';
  if (Object.hasOwn(jwk, 'd') !== (secrecy === 'private')) return `is no ${secrecy} key`;
  if (jwk.use !== undefined && jwk.use !== 'enc') return 'has a use other than enc';
  if (jwk.alg !== undefined && jwk.alg !== algorithm) return `has an alg other than ${algorithm}`;
  return importKey({ key: jwk as JsonWebKey, format: 'jwk' }, secrecy);
}

type KeyInput = { key: string; format: 'pem' } | { key: JsonWebKey; format: 'jwk' };

function importKey(input: KeyInput, secrecy: Secrecy): KeyObject | string {
  try {
    return secrecy === 'private' ? createPrivateKey(input) : createPublicKey(input);
  } catch {
    // The library's words may repeat parts of the text.
    return 'cannot be read';
  }
}

function fits(key: KeyObject, algorithm: EncryptionAlgorithm): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (algorithm) {
    case 'RSA-OAEP-256':
      return (
        key.asymmetricKeyType === 'rsa' &&
        modulusLength >= RSA_MODULUS_MIN_BITS &&
        modulusLength <= RSA_MODULUS_MAX_BITS
      );
    case 'ECDH-ES':
      return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1';
    case 'SM2':
      return isSm2Key(key);
  }
}
