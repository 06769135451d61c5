/** Wrong detached signatures: numbers, lengths, keys and algorithms. */
import { createHmac, createPublicKey, type KeyObject } from 'node:crypto';
import { KEYS, signBase, type TestKey } from '../signed-call.ts';
import { anotherKey } from '../standing-keys.ts';
import { ES256, encode, type Header, headerFor, PS256, RS256 } from './jws-call.ts';
import { ALGORITHM, BODY, COVERAGE, field, INVALID, type Wrong } from './wrong-call.ts';

const PAYLOAD = BODY.toString('base64url');
/** The order of the curve's group (SEC 2 section 2.4.2). */
export const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
const HALF = 32;

export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

export function bytesOf(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}

/** Of any kind of signature. */
function variants(made: Buffer): [string, Buffer][] {
  const { length } = made;
  const half = length / 2;
  const [zero, full] = [Buffer.alloc(half), Buffer.alloc(half, 0xff)];
  const [first, second] = [made.subarray(0, half), made.subarray(half)];
  return [
    ['one byte', Buffer.of(0)],
    ...[1, 2, half].map((by): [string, Buffer] => [`${by} bytes less`, made.subarray(0, -by)]),
    ['the first byte less', made.subarray(1)],
    ['a byte more', Buffer.concat([made, Buffer.of(0)])],
    ['a zero in front', Buffer.concat([Buffer.of(0), made])],
    ['twice', Buffer.concat([made, made])],
    ['of 4,000 bytes', Buffer.concat([made, Buffer.alloc(4_000 - length)])],
    ['zeros', Buffer.alloc(length)],
    ['a one', bytesOf(1n, length)],
    ['set bits', Buffer.alloc(length, 0xff)],
    ['the same byte', Buffer.alloc(length, 0x41)],
    ['backwards', Buffer.from(made).reverse()],
    ['the first half zero', Buffer.concat([zero, second])],
    ['the second half zero', Buffer.concat([first, zero])],
    ['the first half too large', Buffer.concat([full, second])],
    ['the second half too large', Buffer.concat([first, full])],
    ['the halves swapped', Buffer.concat([second, first])],
    ['as text', Buffer.from(made.toString('base64url'))],
    ...Array.from({ length: 12 }, (_, i): [string, Buffer] => {
      const changed = Buffer.from(made);
      changed[Math.floor((i * length) / 12)]! ^= 1 << (i % 8);
      return [`a bit of part ${i}`, changed];
    }),
  ];
}

/** r and s (FIPS 186-5 section 6.4.2: both from 1 to the order less 1). */
function ofCurve(made: Buffer): [string, Buffer][] {
  const [r, s] = [numberOf(made.subarray(0, HALF)), numberOf(made.subarray(HALF))];
  const pair = (first: bigint, second: bigint) =>
    Buffer.concat([bytesOf(first, HALF), bytesOf(second, HALF)]);
  const bare = (value: bigint) => bytesOf(value, HALF + 1);
  const integer = (value: bigint) => Buffer.concat([Buffer.of(2, HALF + 1), bare(value)]);
  const der = Buffer.concat([Buffer.of(0x30, 70), integer(r), integer(s)]);
  return [
    ['r zero', pair(0n, s)],
    ['s zero', pair(r, 0n)],
    ['r and s zero', pair(0n, 0n)],
    ['r and s one', pair(1n, 1n)],
    ['r the order', pair(ORDER, s)],
    ['s the order', pair(r, ORDER)],
    ['r and s the order', pair(ORDER, ORDER)],
    ['r above the order', pair(ORDER + 1n, s)],
    ['s above the order', pair(r, ORDER + 1n)],
    ['r turned round', pair(ORDER - r, s)],
    ['r and s turned round', pair(ORDER - r, ORDER - s)],
    ['s one more', pair(r, (s + 1n) % ORDER)],
    ['in DER', der],
    ['with a sign byte each', Buffer.concat([bare(r), bare(s)])],
  ];
}

/** Numbers of RFC 8017 section 5.2.2, which must lie below the modulus. */
function ofModulus(made: Buffer, key: TestKey): [string, Buffer][] {
  const modulus = numberOf(Buffer.from(publicOf(key).export({ format: 'jwk' }).n!, 'base64url'));
  const value = numberOf(made);
  const { length } = made;
  const sum = value + modulus;
  const fits = sum < 1n << BigInt(length * 8);
  return [
    ['the modulus', bytesOf(modulus, length)],
    ['the modulus less one', bytesOf(modulus - 1n, length)],
    ['the number and the modulus', bytesOf(sum, fits ? length : length + 1)],
    ['the modulus less the number', bytesOf(modulus - value, length)],
  ];
}

function publicOf({ material }: TestKey): KeyObject {
  return createPublicKey({ key: Buffer.from(material), format: 'der', type: 'spki' });
}

/** The public key in the forms in which a careless verifier takes it for a secret. */
function secrets(key: TestKey): [string, string | Buffer][] {
  const object = publicOf(key);
  const pem = object.export({ format: 'pem', type: 'spki' }) as string;
  return [
    ['DER', Buffer.from(key.material)],
    ['PEM', pem],
    ['PEM without its end', pem.trim()],
    ['base64', Buffer.from(key.material).toString('base64')],
    ['JWK', JSON.stringify(object.export({ format: 'jwk' }))],
    ['nothing', ''],
  ];
}

/** RFC 8725 sections 2.1 and 3.1. */
function confused(key: TestKey): Wrong[] {
  const own = headerFor(key).alg;
  const mac = (alg: unknown, secret: string | Buffer, changes: Header = {}) => {
    const head = encode(headerFor(key, { ...changes, alg }));
    const made = createHmac('sha256', secret).update(`${head}.${PAYLOAD}`).digest('base64url');
    return `${head}..${made}`;
  };
  return [
    ...secrets(key).flatMap(([name, secret]) => [
      field(`HS256 with the ${name}`, mac('HS256', secret), ALGORITHM),
      field(`${own} by HMAC with the ${name}`, mac(own, secret), INVALID),
      field(`no alg, by HMAC with the ${name}`, mac(undefined, secret), ALGORITHM),
    ]),
    field('HS256 with a secret that is registered', mac('HS256', secretOf(), HMAC_KEY), ALGORITHM),
    field(`${own} with a secret that is registered`, mac(own, secretOf(), HMAC_KEY), ALGORITHM),
    field('none', `${encode(headerFor(key, { alg: 'none' }))}..AA`, ALGORITHM),
  ];
}

const HMAC_KEY = { kid: 'hmac' };

function secretOf(): Buffer {
  return Buffer.from(KEYS['hmac-sha256'].material);
}

/** By somebody whose own key the header brings along (RFC 7515 section 10.3). */
function brought(key: TestKey): Wrong[] {
  const theirs = anotherKey(key);
  const jwk = publicOf(theirs).export({ format: 'jwk' });
  const x5c = [Buffer.from(theirs.material).toString('base64')];
  const url = 'https://evil.example/keys';
  const by = (changes: Header) => {
    const head = encode(headerFor(key, changes));
    return `${head}..${signBase(theirs, `${head}.${PAYLOAD}`).toString('base64url')}`;
  };
  const members: Header[] = [{ jwk }, { x5c }, { jku: url }, { x5u: url }, { jwk, x5c, jku: url }];
  return members.flatMap(member => {
    const names = Object.keys(member).join(', ');
    return [
      field(`by the key in ${names}`, by(member), INVALID),
      field(`by the key in ${names}, without kid`, by({ ...member, kid: undefined }), COVERAGE),
      field(`by the key in ${names}, unknown`, by({ ...member, kid: 'evil' }), 'key-unknown'),
    ];
  });
}

function foreign(key: TestKey, name: string, signer: TestKey, changes: Header = {}): Wrong {
  const head = encode(headerFor(key, changes));
  const made = signBase(signer, `${head}.${PAYLOAD}`).toString('base64url');
  return field(name, `${head}..${made}`, INVALID);
}

export function signatureRows(key: TestKey): Wrong[] {
  const head = encode(headerFor(key));
  const made = signBase(key, `${head}.${PAYLOAD}`);
  const others = [ES256, KEYS['ecdsa-p384-sha384'], KEYS.ed25519, RS256, PS256];
  return [
    ...[...variants(made), ...(key === ES256 ? ofCurve(made) : ofModulus(made, key))].map(
      ([name, bytes]) => field(name, `${head}..${bytes.toString('base64url')}`, INVALID),
    ),
    ...others
      .filter(other => other !== key)
      .map(other => foreign(key, `by a key of ${other.algorithm}`, other)),
    foreign(key, 'by another key of its kind', anotherKey(key)),
    ...confused(key),
    ...brought(key),
  ];
}
