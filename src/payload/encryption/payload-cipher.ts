/** What every sibling that encrypts payloads is held to. */
import type { KeyObject } from 'node:crypto';
import { PayloadFault } from '../payload-fault.ts';

/** RFC 7518 section 4.1, and SM2 as docs/data-security.md describes it. */
export const ENCRYPTION_ALGORITHMS = ['RSA-OAEP-256', 'ECDH-ES', 'SM2'] as const;
export type EncryptionAlgorithm = (typeof ENCRYPTION_ALGORITHMS)[number];

/** A key is for one algorithm: what an envelope claims cannot change it. */
export interface EncryptionKey {
  readonly kid: string;
  readonly algorithm: EncryptionAlgorithm;
  /** Public where it encrypts, private where it decrypts. */
  readonly key: KeyObject;
}

/** What was read of an encrypted payload (RFC 7516 section 7.1) before any key is used. */
export interface Envelope {
  readonly text: string;
  /** Encoded, as it is authenticated. */
  readonly protectedHeader: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly algorithm: EncryptionAlgorithm;
  readonly contentEncryption: unknown;
  readonly kid: string;
  readonly encryptedKey: Buffer;
  readonly iv: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

export interface PayloadCipher {
  /** `enc` of its envelopes. */
  readonly contentEncryption: string;
  readonly ivBytes: number;
  readonly tagBytes: number;
  /** Bytes of the encrypted key in an envelope for this key. */
  encryptedKeyBytes(key: KeyObject): number;
  /** The envelope, in five parts of base64url with dots between. */
  encrypt(plaintext: Uint8Array, key: EncryptionKey): Promise<string>;
  /**
   * `envelope` has parts of the lengths above and names `key`.
   * @throws PayloadFault, the same whatever is wrong
   */
  decrypt(envelope: Envelope, key: EncryptionKey): Promise<Uint8Array>;
}

/**
 * One fault for all that only the private key can find out: two could be told apart, and answer
 * questions about plaintexts (RFC 7516 section 11.5).
 */
export function undecryptable(): PayloadFault {
  return new PayloadFault('', 'cannot be decrypted with the key that it names');
}
