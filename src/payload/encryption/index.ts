/**
 * Receives: bytes, or an envelope as text, and the keys of whom it is for or from.
 * Adds: the envelope, or the bytes that were in it.
 * May refuse: PayloadFault where an envelope is not understood or not for one of the keys.
 */
import { PayloadFault } from '../payload-fault.ts';
import { PLAINTEXT_MAX_BYTES, readEnvelope } from './envelope.ts';
import { ecdhJwe, rsaJwe } from './jwe.ts';
import type { KeyRing } from './key-ring.ts';
import type {
  EncryptionAlgorithm,
  EncryptionKey,
  Envelope,
  PayloadCipher,
} from './payload-cipher.ts';
import { sm2Sm4 } from './sm2-sm4.ts';

const CIPHERS: Readonly<Record<EncryptionAlgorithm, PayloadCipher>> = {
  'RSA-OAEP-256': rsaJwe,
  'ECDH-ES': ecdhJwe,
  SM2: sm2Sm4,
};

/**
 * An envelope of the whole, for the current key: media type `application/jose` (RFC 7515 section
 * 9.2.1), for SM2 too.
 * @throws PayloadFault where there are more than PLAINTEXT_MAX_BYTES
 */
export async function encryptPayload(plaintext: Uint8Array, keys: KeyRing): Promise<string> {
  if (plaintext.length > PLAINTEXT_MAX_BYTES) {
    throw new PayloadFault('', `must have at most ${PLAINTEXT_MAX_BYTES} bytes to be encrypted`);
  }
  return CIPHERS[keys.current.algorithm].encrypt(plaintext, keys.current);
}

/**
 * What is in an envelope for any key of the ring.
 * @throws PayloadFault
 */
export async function decryptPayload(text: string, keys: KeyRing): Promise<Uint8Array> {
  const envelope = readEnvelope(text);
  const key = keys.find(envelope.kid);
  if (key === undefined) throw new PayloadFault('', 'must name a key of the gateway as kid');
  if (key.algorithm !== envelope.algorithm) {
    throw new PayloadFault('', `must have the alg of its key, ${key.algorithm}`);
  }
  const cipher = CIPHERS[key.algorithm];
  checkParts(envelope, key, cipher);
  const plaintext = await cipher.decrypt(envelope, key);
  if (plaintext.length > PLAINTEXT_MAX_BYTES) {
    throw new PayloadFault('', `must hold at most ${PLAINTEXT_MAX_BYTES} bytes`);
  }
  return plaintext;
}

function checkParts(envelope: Envelope, { key }: EncryptionKey, cipher: PayloadCipher): void {
  if (envelope.contentEncryption !== cipher.contentEncryption) {
    throw new PayloadFault('', `must have the enc ${cipher.contentEncryption}`);
  }
  const lengths = [
    ['an encrypted key', envelope.encryptedKey, cipher.encryptedKeyBytes(key)],
    ['an initialization vector', envelope.iv, cipher.ivBytes],
    ['a tag', envelope.tag, cipher.tagBytes],
  ] as const;
  for (const [name, part, bytes] of lengths) {
    if (part.length !== bytes) throw new PayloadFault('', `must have ${name} of ${bytes} bytes`);
  }
}
