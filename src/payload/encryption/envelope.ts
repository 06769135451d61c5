/** The compact serialization (RFC 7516 section 7.1), read before any key is used. */
import { parseUntrustedObject } from '../../core/untrusted-json.ts';
import { PayloadFault } from '../payload-fault.ts';
import {
  ENCRYPTION_ALGORITHMS,
  type EncryptionAlgorithm,
  type Envelope,
} from './payload-cipher.ts';

/** As the greatest body that payload programs take. */
export const PLAINTEXT_MAX_BYTES = 1_048_576;
/** Holds ephemeral keys, party names and certificates' digests many times over. */
const HEADER_MAX_CHARS = 4_096;
/** The encrypted key of RSA with 4096 bits, an IV, a tag, the padding of CBC, four dots. */
const OTHER_PARTS_MAX_CHARS = 1_024;
export const ENVELOPE_MAX_CHARS =
  HEADER_MAX_CHARS + OTHER_PARTS_MAX_CHARS + Math.ceil((PLAINTEXT_MAX_BYTES * 4) / 3);

/** Direct key agreement has no encrypted key; in GCM nothing encrypts to nothing. */
const COMPACT = /^([\w-]+)\.([\w-]*)\.([\w-]+)\.([\w-]*)\.([\w-]+)$/;

/** @throws PayloadFault where it is no envelope, or asks for what is not understood */
export function readEnvelope(text: string): Envelope {
  if (text.length > ENVELOPE_MAX_CHARS) throw new PayloadFault('', 'is too long an envelope');
  const parts = COMPACT.exec(text);
  if (parts === null) {
    throw new PayloadFault('', 'must be five parts in base64url with dots between');
  }
  const [, protectedHeader, ...others] = parts as unknown as [string, string, ...string[]];
  const header = readHeader(protectedHeader);
  const { alg, enc, kid } = header;
  if (typeof kid !== 'string') throw new PayloadFault('', 'must name its key as kid');
  if (!isAlgorithm(alg)) {
    throw new PayloadFault('', `must have an alg among ${ENCRYPTION_ALGORITHMS.join(', ')}`);
  }
  const [encryptedKey, iv, ciphertext, tag] = others.map(decode) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  return {
    ...{ text, protectedHeader, header, algorithm: alg, contentEncryption: enc, kid },
    ...{ encryptedKey, iv, ciphertext, tag },
  };
}

function readHeader(encoded: string): Envelope['header'] {
  if (encoded.length > HEADER_MAX_CHARS) throw new PayloadFault('', 'has too long a header');
  const header = parseUntrustedObject(decode(encoded));
  if (header === undefined) throw new PayloadFault('', 'must have an object as its header');
  // No extension is understood, and none may then be passed over (RFC 7516 section 4.1.13).
  if (Object.hasOwn(header, 'crit')) throw new PayloadFault('', 'must not have crit');
  // The length of what was compressed tells of its content, and it may be a bomb.
  if (Object.hasOwn(header, 'zip')) throw new PayloadFault('', 'must not be compressed (zip)');
  return header;
}

function isAlgorithm(alg: unknown): alg is EncryptionAlgorithm {
  return (ENCRYPTION_ALGORITHMS as readonly unknown[]).includes(alg);
}

/** Bits beyond the last byte must be zero (RFC 4648 section 3.5): an envelope has one text. */
function decode(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) {
    throw new PayloadFault('', 'must be five parts in base64url with dots between');
  }
  return bytes;
}
