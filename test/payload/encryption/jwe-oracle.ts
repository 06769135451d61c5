/** JWE with node:crypto alone, written from RFC 7516 section 5 and RFC 7518 section 4.6. */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

const OAEP = { oaepHash: 'sha256', padding: constants.RSA_PKCS1_OAEP_PADDING };

export function encode(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

/** RFC 7518 section 4.6.2; `apu` and `apv` decoded. */
export function concatKdf(z: Uint8Array, enc: string, bits: number, apu = '', apv = ''): Buffer {
  const counted = (text: string) => Buffer.concat([uint32(text.length), Buffer.from(text)]);
  const hash = createHash('sha256').update(uint32(1)).update(z);
  hash.update(counted(enc)).update(counted(apu)).update(counted(apv)).update(uint32(bits));
  return hash.digest().subarray(0, bits / 8);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

type Header = Readonly<Record<string, unknown>>;

/** The content key as `header.alg` gives it, and what is sent of it. */
function contentKeyFor(header: Header, key: KeyObject) {
  if (header.alg === 'RSA-OAEP-256') {
    const contentKey = randomBytes(32);
    return { contentKey, encrypted: publicEncrypt({ key, ...OAEP }, contentKey), members: {} };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const z = diffieHellman({ privateKey, publicKey: key });
  const party = (name: string) => Buffer.from(String(header[name] ?? ''), 'base64url').toString();
  const contentKey = concatKdf(z, 'A256GCM', 256, party('apu'), party('apv'));
  const members = { epk: publicKey.export({ format: 'jwk' }) };
  return { contentKey, encrypted: Buffer.alloc(0), members };
}

export function oracleEncrypt(plaintext: Uint8Array, header: Header, key: KeyObject): string {
  const { contentKey, encrypted, members } = contentKeyFor(header, key);
  return seal(plaintext, { ...members, ...header }, contentKey, encrypted);
}

/** Any header over any content key. */
export function seal(
  plaintext: Uint8Array,
  header: Header | string,
  contentKey: Uint8Array,
  encrypted: Uint8Array,
): string {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', contentKey, iv).setAAD(Buffer.from(encode(text)));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [text, encrypted, iv, ciphertext, cipher.getAuthTag()].map(encode).join('.');
}

export function oracleDecrypt(envelope: string, key: KeyObject): Buffer {
  const [header = '', ...parts] = envelope.split('.');
  const [encrypted, iv, ciphertext, tag] = parts.map(part => Buffer.from(part, 'base64url'));
  const { alg, epk } = JSON.parse(Buffer.from(header, 'base64url').toString()) as Header;
  const contentKey =
    alg === 'RSA-OAEP-256'
      ? privateDecrypt({ key, ...OAEP }, encrypted!)
      : concatKdf(
          diffieHellman({
            privateKey: key,
            publicKey: createPublicKey({ key: epk as JsonWebKey, format: 'jwk' }),
          }),
          'A256GCM',
          256,
        );
  const decipher = createDecipheriv('aes-256-gcm', contentKey, iv!, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(header)).setAuthTag(tag!);
  return Buffer.concat([decipher.update(ciphertext!), decipher.final()]);
}
