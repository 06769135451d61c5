/** Envelopes that nobody may accept, each a change to a good one. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { ENVELOPE_MAX_CHARS } from '../../../src/payload/encryption/envelope.ts';
import type { EncryptionAlgorithm } from '../../../src/payload/encryption/payload-cipher.ts';
import { kidOf, makePair, PAIRS } from './encryption-keys.ts';
import { encode, oracleEncrypt, seal } from './jwe-oracle.ts';
import { join, makeParts, type Sm2Parts, sm2Header, tagOf } from './sm2-envelope.ts';

export type Refused = readonly [name: string, text: string];

const PLAINTEXT = Buffer.from('{"amount":"12.50"}');
const PARTS = ['header', 'encrypted key', 'initialization vector', 'ciphertext', 'tag'];

type Header = Readonly<Record<string, unknown>>;

function headerOf(algorithm: EncryptionAlgorithm): Header {
  const enc = algorithm === 'SM2' ? 'SM4-CBC-HMAC-SM3' : 'A256GCM';
  return { alg: algorithm, enc, kid: kidOf(algorithm) };
}

/** A good one but for `header`, authenticated as it stands. */
function make(algorithm: EncryptionAlgorithm, header: Header | string, key?: KeyObject): string {
  const publicKey = key ?? PAIRS[algorithm].publicKey;
  if (algorithm === 'SM2') {
    const text = typeof header === 'string' ? header : JSON.stringify(header);
    return join(makeParts(PLAINTEXT, text, publicKey));
  }
  if (typeof header === 'string') return seal(PLAINTEXT, header, Buffer.alloc(32), Buffer.alloc(0));
  // The oracle goes by `alg`, which the header may claim otherwise.
  const base = { ...header, alg: algorithm };
  return header.alg === algorithm
    ? oracleEncrypt(PLAINTEXT, base, publicKey)
    : withHeader(oracleEncrypt(PLAINTEXT, base, publicKey), header);
}

function withHeader(text: string, header: Header): string {
  return [encode(JSON.stringify(header)), ...text.split('.').slice(1)].join('.');
}

const ALGORITHM_NAMES = [
  ...['none', 'dir', 'RSA1_5', 'RSA-OAEP', 'RSA-OAEP-384', 'RSA-OAEP-512', 'A256KW', 'A256GCMKW'],
  ...['ECDH-ES+A128KW', 'ECDH-ES+A256KW', 'PBES2-HS256+A128KW', 'HS256', 'rsa-oaep-256', '', null],
  ...[['RSA-OAEP-256'], 256, 'constructor', '__proto__'],
];
const ENCRYPTION_NAMES = [
  ...['A128GCM', 'A192GCM', 'A256CBC-HS512', 'A128CBC-HS256', 'SM4-GCM', 'SM4-CBC', 'a256gcm'],
  ...['', null, ['A256GCM'], 'none'],
];

export function wrongHeaders(algorithm: EncryptionAlgorithm): readonly Refused[] {
  const good = headerOf(algorithm);
  const { kid: _kid, ...withoutKid } = good;
  const { enc: _enc, ...withoutEnc } = good;
  const others = (['RSA-OAEP-256', 'ECDH-ES', 'SM2'] as const).filter(one => one !== algorithm);
  const changed: readonly (readonly [string, Header])[] = [
    ...ALGORITHM_NAMES.map(alg => [`alg ${JSON.stringify(alg)}`, { ...good, alg }] as const),
    ...others.map(alg => [`alg ${alg} of another key`, { ...good, alg }] as const),
    ...others.map(one => [`kid of ${one}`, { ...good, kid: kidOf(one) }] as const),
    ...ENCRYPTION_NAMES.map(enc => [`enc ${JSON.stringify(enc)}`, { ...good, enc }] as const),
    ['enc absent', withoutEnc],
    ['kid absent', withoutKid],
    ['kid unknown', { ...good, kid: 'another' }],
    ['kid of the prototype', { ...good, kid: 'constructor' }],
    ['kid no string', { ...good, kid: 7 }],
    ['crit unknown', { ...good, crit: ['exp'], exp: 1 }],
    ['crit empty', { ...good, crit: [] }],
    ['crit of a known member', { ...good, crit: ['alg'] }],
    ['zip', { ...good, zip: 'DEF' }],
    ['zip unknown', { ...good, zip: 'none' }],
    ['a header that is too long', { ...good, x5c: ['a'.repeat(4_096)] }],
  ];
  return [
    ...changed.map(([name, header]) => [name, make(algorithm, header)] as const),
    ['a header that is a list', make(algorithm, JSON.stringify([good]))],
    ['a header that is no JSON', make(algorithm, 'alg=SM2')],
    ['a header with a backslash in a name', make(algorithm, '{"al\\u0067":"SM2","kid":"sm2"}')],
    ['a header that is null', make(algorithm, 'null')],
    ['a header in Latin-1', encode(Buffer.of(0x7b, 0xe9, 0x7d)) + make(algorithm, good).slice(6)],
  ];
}

export function wrongParts(algorithm: EncryptionAlgorithm): readonly Refused[] {
  const good = make(algorithm, headerOf(algorithm));
  const parts = good.split('.');
  const put = (at: number, part: string) =>
    parts.map((one, i) => (i === at ? part : one)).join('.');
  const each = PARTS.flatMap((name, at): Refused[] => {
    const bytes = Buffer.from(parts[at]!, 'base64url');
    if (bytes.length === 0) return [[`${name} where none belongs`, put(at, encode('abc'))]];
    return [
      [`${name} absent`, put(at, '')],
      [`${name} a byte short`, put(at, encode(bytes.subarray(1)))],
      [`${name} a byte long`, put(at, encode(Buffer.concat([bytes, Buffer.of(0)])))],
      [`${name} with its first bit changed`, put(at, encode(flipped(bytes, 0, 0x80)))],
      [`${name} with its last bit changed`, put(at, encode(flipped(bytes, bytes.length - 1, 1)))],
      [`${name} of zeros`, put(at, encode(Buffer.alloc(bytes.length)))],
      [`${name} with padding`, put(at, `${parts[at]}=`)],
      [`${name} with a space`, put(at, ` ${parts[at]}`)],
      [`${name} in base64`, put(at, `+/${parts[at]!.slice(2)}`)],
    ];
  });
  const another = make(algorithm, headerOf(algorithm)).split('.');
  const swapped = PARTS.flatMap((name, at): Refused[] =>
    parts[at] === another[at] ? [] : [[`${name} of another envelope`, put(at, another[at]!)]],
  );
  return [
    ...each,
    ...swapped,
    ['bits left over in the tag', `${good.slice(0, -1)}${nextDigit(good.at(-1)!)}`],
    ['nothing', ''],
    ['dots alone', '....'],
    ['four parts', parts.slice(0, 4).join('.')],
    ['six parts', `${good}.${parts[4]}`],
    ['a line feed after it', `${good}\n`],
    ['the JSON serialization', JSON.stringify({ protected: parts[0], ciphertext: parts[3] })],
    ['more than the limit', put(3, 'A'.repeat(ENVELOPE_MAX_CHARS))],
    [
      'another key of the same kind',
      make(algorithm, headerOf(algorithm), makePair(algorithm).publicKey),
    ],
  ];
}

/** The last digit of a tag ends in bits that are no part of it: the next one is the same bytes. */
function nextDigit(digit: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return digits[digits.indexOf(digit) + 1]!;
}

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= bit;
  return copy;
}

/** Ephemeral keys that must not be multiplied with the private one (RFC 7518 section 8.4). */
export function wrongEphemeralKeys(): readonly Refused[] {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const good = publicKey.export({ format: 'jwk' });
  const jwkOf = (namedCurve: string) =>
    generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
  const zero = encode(Buffer.alloc(32));
  const field = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
  const keys: readonly (readonly [string, unknown])[] = [
    ['absent', undefined],
    ['null', null],
    ['a string', 'P-256'],
    ['a list', [good]],
    ['not on the curve', { ...good, y: good.x }],
    ['the origin', { ...good, x: zero, y: zero }],
    ['a coordinate of the order of the field', { ...good, x: encode(Buffer.from(field, 'hex')) }],
    ['a coordinate that is short', { ...good, x: good.x!.slice(1) }],
    ['a coordinate that is long', { ...good, y: `A${good.y}` }],
    ['a coordinate with padding', { ...good, y: `${good.y}=` }],
    ['a coordinate absent', { kty: 'EC', crv: 'P-256', x: good.x }],
    ['a coordinate that is a number', { ...good, x: 7 }],
    ['with a private number', { ...good, d: zero }],
    ['with uses that are no list', { ...good, key_ops: 'deriveBits' }],
    ['with uses that are no words', { ...good, key_ops: [1] }],
    ['with primes that are no list', { ...good, oth: 5 }],
    ['of P-384', jwkOf('secp384r1')],
    ['of P-521', jwkOf('secp521r1')],
    ['of secp256k1', jwkOf('secp256k1')],
    ['of secp256k1, called P-256', { ...jwkOf('secp256k1'), crv: 'P-256' }],
    ['P-256, called P-384', { ...good, crv: 'P-384' }],
    ['of X25519', generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' })],
    [
      'of RSA',
      generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' }),
    ],
    ['a symmetric key', { kty: 'oct', k: zero }],
  ];
  const made = keys.map(([name, epk]) => {
    const header = { ...headerOf('ECDH-ES'), epk };
    return [`epk ${name}`, seal(PLAINTEXT, header, Buffer.alloc(32), Buffer.alloc(0))] as const;
  });
  const parties = [
    ['apu no string', { apu: 7 }],
    ['apu no base64url', { apu: '+/' }],
    ['apv no string', { apv: ['Bob'] }],
  ] as const;
  return [
    ...made,
    ...parties.map(([name, members]) => {
      const header = { ...headerOf('ECDH-ES'), epk: good, ...members };
      return [name, seal(PLAINTEXT, header, Buffer.alloc(32), Buffer.alloc(0))] as const;
    }),
  ];
}

/** Those whose tag is true, by who knows the content key. */
export function wrongSm2(): readonly Refused[] {
  const parts = makeParts(PLAINTEXT, sm2Header(kidOf('SM2')), PAIRS.SM2.publicKey);
  const tagged = (changes: Partial<Sm2Parts>) => {
    const changed = { ...parts, ...changes };
    return join({ ...changed, tag: tagOf(changed) });
  };
  const { encryptedKey } = parts;
  const point = encryptedKey.subarray(1, 65);
  const put = (first: Uint8Array) =>
    tagged({ encryptedKey: Buffer.concat([first, encryptedKey.subarray(first.length)]) });
  return [
    ['no ciphertext', tagged({ ciphertext: Buffer.alloc(0) })],
    ['half a block', tagged({ ciphertext: parts.ciphertext.subarray(0, 8) })],
    ['a block cut off', tagged({ ciphertext: parts.ciphertext.subarray(0, 16) })],
    ['a last block of zeros', tagged({ ciphertext: Buffer.alloc(32) })],
    ['C1 at the origin', put(Buffer.concat([Buffer.of(4), Buffer.alloc(64)]))],
    ['C1 compressed', put(Buffer.of(2))],
    ['C1 hybrid', put(Buffer.of(6))],
    ['C1 at infinity', put(Buffer.of(0))],
    ['C1 beyond the field', put(Buffer.concat([Buffer.of(4), Buffer.alloc(64, 0xff)]))],
    ['C1 with its coordinates exchanged', put(exchanged(point))],
    ['C3 of zeros', put(Buffer.concat([Buffer.of(4), point, Buffer.alloc(32)]))],
    ['C1 C2 C3, as the draft of the standard had it', tagged({ encryptedKey: draft(parts) })],
    ['a tag cut to a half', join({ ...parts, tag: parts.tag.subarray(0, 16) })],
  ];
}

function exchanged(point: Buffer): Buffer {
  return Buffer.concat([Buffer.of(4), point.subarray(32), point.subarray(0, 32)]);
}

function draft({ encryptedKey }: Sm2Parts): Buffer {
  const [c1, c3, c2] = [
    encryptedKey.subarray(0, 65),
    encryptedKey.subarray(65, 97),
    encryptedKey.subarray(97),
  ];
  return Buffer.concat([c1, c2, c3]);
}

/** A megabyte of zeros in a few hundred bytes. */
export function bomb(): string {
  const header = { ...headerOf('RSA-OAEP-256'), zip: 'DEF' };
  const plaintext = deflateRawSync(Buffer.alloc(1_000_000));
  return oracleEncrypt(plaintext, header, PAIRS['RSA-OAEP-256'].publicKey);
}

/** Good but for what the keys tell: these must end in words that do not differ. */
export function failures(algorithm: EncryptionAlgorithm): readonly Refused[] {
  const told = ['first bit changed', 'last bit changed', 'of zeros', 'another key'];
  return wrongParts(algorithm).filter(
    ([name]) => !name.startsWith('header') && told.some(end => name.includes(end)),
  );
}
