/**
 * SM2 with SM4 (GB/T 32918.4, GB/T 32907) in the parts of a JWE. SM4-GCM is not in node:crypto, so
 * that SM4-CBC is authenticated by HMAC-SM3 over what RFC 7518 section 5.2.2.1 puts together.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import {
  type EncryptionKey,
  type Envelope,
  type PayloadCipher,
  undecryptable,
} from './payload-cipher.ts';
import { SM2_OVERHEAD_BYTES, sm2Decrypt, sm2Encrypt } from './sm2-transport.ts';

const CIPHER = 'sm4-cbc';
const BLOCK_BYTES = 16;
const MAC_KEY_BYTES = 32;
const CONTENT_KEY_BYTES = MAC_KEY_BYTES + BLOCK_BYTES;
const BITS_PER_BYTE = 8n;

class Sm2Sm4 implements PayloadCipher {
  readonly contentEncryption = 'SM4-CBC-HMAC-SM3';
  readonly ivBytes = BLOCK_BYTES;
  /** Whole: unlike AES-CBC with HMAC-SHA2 in JWE, it is not cut to a half. */
  readonly tagBytes = 32;

  encryptedKeyBytes(): number {
    return SM2_OVERHEAD_BYTES + CONTENT_KEY_BYTES;
  }

  async encrypt(plaintext: Uint8Array, { kid, algorithm, key }: EncryptionKey): Promise<string> {
    const contentKey = randomBytes(CONTENT_KEY_BYTES);
    const iv = randomBytes(BLOCK_BYTES);
    const header = { alg: algorithm, enc: this.contentEncryption, kid };
    const protectedHeader = encode(Buffer.from(JSON.stringify(header)));
    const cipher = createCipheriv(CIPHER, contentKey.subarray(MAC_KEY_BYTES), iv);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const tag = tagOf(contentKey, protectedHeader, iv, ciphertext);
    const parts = [sm2Encrypt(contentKey, key), iv, ciphertext, tag];
    return [protectedHeader, ...parts.map(encode)].join('.');
  }

  async decrypt(envelope: Envelope, { key }: EncryptionKey): Promise<Uint8Array> {
    const { protectedHeader, encryptedKey, iv, ciphertext, tag } = envelope;
    // Goes on with a random key (RFC 7516 section 11.5): the time does not tell what failed.
    const contentKey = sm2Decrypt(encryptedKey, key) ?? randomBytes(CONTENT_KEY_BYTES);
    const isTrue = timingSafeEqual(tagOf(contentKey, protectedHeader, iv, ciphertext), tag);
    if (!isTrue || ciphertext.length === 0 || ciphertext.length % BLOCK_BYTES !== 0) {
      throw undecryptable();
    }
    const decipher = createDecipheriv(CIPHER, contentKey.subarray(MAC_KEY_BYTES), iv);
    decipher.setAutoPadding(false);
    return withoutPadding(Buffer.concat([decipher.update(ciphertext), decipher.final()]));
  }
}

export const sm2Sm4 = new Sm2Sm4();

function tagOf(contentKey: Uint8Array, header: string, iv: Uint8Array, text: Uint8Array): Buffer {
  const headerBits = Buffer.alloc(8);
  headerBits.writeBigUInt64BE(BigInt(header.length) * BITS_PER_BYTE);
  const hmac = createHmac('sm3', contentKey.subarray(0, MAC_KEY_BYTES));
  return hmac.update(header).update(iv).update(text).update(headerBits).digest();
}

/** PKCS #7 (RFC 5652 section 6.3). Seen only by who holds the content key: no oracle. */
function withoutPadding(padded: Buffer): Buffer {
  const count = padded.at(-1)!;
  const padding = padded.subarray(-count);
  if (count === 0 || count > BLOCK_BYTES || padding.some(byte => byte !== count)) {
    throw undecryptable();
  }
  return padded.subarray(0, padded.length - count);
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64url');
}
