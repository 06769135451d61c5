/** Wrong detached signatures, each with its problem: what their headers say. */
import { NOW, signBase, type TestKey } from '../signed-call.ts';
import { bound, encode, type Header, headerFor, IAT, ISS, signJws, TAN } from './jws-call.ts';
import {
  ALGORITHM,
  BODY,
  COVERAGE,
  EXPIRED,
  field,
  INVALID,
  MALFORMED,
  POST,
  type Wrong,
  wrong,
} from './wrong-call.ts';
import { formRows } from './wrong-forms.ts';
import { signatureRows } from './wrong-signatures.ts';
import { targetRows } from './wrong-targets.ts';

const NO_TEXT = [null, '', 1, true, [], {}, ['text']];
const NO_TIME = [null, '1800000000', true, [], {}, -1, 1.5, 1e12, Number.MAX_SAFE_INTEGER];
const NO_TYPE = ['JWT', 'at+jwt', 'JOSE+JSON', 'application/jose', ' JOSE', '', null, 1, ['JOSE']];
/** RFC 7518 section 3.1 and its registry: none of them is one of ours. */
const OTHER_ALGS = [
  ...['none', 'None', 'NONE', '', 'HS256', 'HS384', 'HS512', 'RS1', 'RS384', 'RS512', 'PS384'],
  ...['PS512', 'ES256K', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'ML-DSA-44', 'rs256', 'Es256'],
  ...['RS256 ', 'PS256\0', '__proto__', null, 0, 256, true, [], ['RS256'], ['ES256'], {}],
];
/** RFC 7515 section 4.1: `crit` must not name them. */
const REGISTERED = {
  ...{
    alg: undefined,
    jku: 'https://a.example',
    jwk: {},
    kid: undefined,
    x5u: 'https://a.example',
  },
  ...{ x5c: ['AA'], x5t: 'AA', 'x5t#S256': 'AA', typ: 'JOSE', cty: 'json', crit: undefined },
};

const NAME_MAX_CHARS = 80;

function named(value: unknown): string {
  const text = JSON.stringify(value, (_, member) => member ?? `${member}`);
  return text.slice(0, NAME_MAX_CHARS);
}

function criticalRows(key: TestKey): Wrong[] {
  const lists: unknown[] = [
    ...[[], null, '', 'b64', IAT, 0, true, {}, { 0: IAT, length: 1 }],
    ...[[IAT, IAT], [IAT, ISS, IAT], [IAT, ''], [''], [1], [null], [true], [{}], [[IAT]]],
    ...[['b64'], ['exp'], ['htu'], ['htm'], ['iat'], [IAT, 'htm', 'htu']],
    ...[['__proto__'], ['constructor'], ['toString'], ['IAT'], [`${IAT}/`], [IAT.toUpperCase()]],
    ...[['http://openbanking.org.uk/'], [IAT, 'http://openbanking.org.uk/other']],
  ];
  const unknown = {
    other: 1,
    'http://example.com/UNDEFINED': true,
    url: 'x',
    nonce: 'x',
    sub: 'x',
  };
  return [
    ...lists.map(crit => wrong(`crit ${named(crit)}`, key, { crit }, MALFORMED)),
    ...Object.entries({ ...REGISTERED, ...unknown }).map(([name, value]) => {
      const member = value === undefined ? {} : { [name]: value };
      return wrong(`crit with ${name}`, key, { ...member, crit: [IAT, name] }, MALFORMED);
    }),
  ];
}

function headerRows(key: TestKey): Wrong[] {
  const ours = ['RS256', 'PS256', 'ES256'].filter(alg => alg !== headerFor(key).alg);
  return [
    ...[...OTHER_ALGS, ...ours].map(alg => wrong(`alg ${named(alg)}`, key, { alg }, ALGORITHM)),
    wrong('no alg', key, { alg: undefined }, ALGORITHM),
    ...NO_TEXT.map(kid => wrong(`kid ${named(kid)}`, key, { kid }, MALFORMED)),
    wrong('no kid', key, { kid: undefined }, COVERAGE),
    wrong('KID', key, { kid: undefined, KID: 'key-1' }, COVERAGE),
    ...['key-9', 'KEY-1', 'key-1 ', '__proto__', '../key-1', 'x'.repeat(1_025)].map(kid =>
      wrong(`kid ${named(kid)}`, key, { kid }, 'key-unknown'),
    ),
    ...[ISS, TAN, 'htm', 'htu', 'jti'].flatMap(name =>
      NO_TEXT.map(value => wrong(`${name} ${named(value)}`, key, { [name]: value }, MALFORMED)),
    ),
    ...NO_TYPE.map(typ => wrong(`typ ${named(typ)}`, key, { typ }, MALFORMED)),
  ];
}

function timeRows(key: TestKey): Wrong[] {
  const plain = { [IAT]: undefined, crit: undefined };
  return [
    ...NO_TIME.map(at => wrong(`iat ${named(at)}`, key, { [IAT]: at }, MALFORMED)),
    ...NO_TIME.map(iat => wrong(`plain iat ${named(iat)}`, key, { ...plain, iat }, MALFORMED)),
    ...NO_TIME.map(exp => wrong(`exp ${named(exp)}`, key, { exp }, MALFORMED)),
    wrong('exp before iat', key, { exp: NOW - 1 }, MALFORMED),
    wrong('no iat', key, plain, COVERAGE),
    ...[-61, -120, -86_400, 6, 60, 86_400].map(by => {
      return wrong(`made at ${by} s`, key, { [IAT]: NOW + by }, EXPIRED);
    }),
    ...[-61, 6].map(by => wrong(`plain, at ${by} s`, key, { ...plain, iat: NOW + by }, EXPIRED)),
    wrong('in milliseconds', key, { [IAT]: (NOW - 1) * 1_000 }, MALFORMED),
    wrong('at the beginning of 1970', key, { [IAT]: 0 }, EXPIRED),
    wrong('expired', key, { [IAT]: NOW - 30, exp: NOW - 6 }, EXPIRED),
    wrong('too old, with time left', key, { [IAT]: NOW - 61, exp: NOW + 60 }, EXPIRED),
    ...[NOW - 1, NOW + 1, null, `${NOW}`].map(iat =>
      wrong(`iat ${named(iat)} beside the other`, key, { iat }, MALFORMED),
    ),
  ];
}

/** The body on its way. */
function tampered(): [string, Buffer][] {
  const text = BODY.toString();
  return [
    ['another amount', Buffer.from(text.replace('12.50', '92.50'))],
    ['a space more', Buffer.from(`${text} `)],
    ['a line feed more', Buffer.from(`${text}\n`)],
    ['a zero byte more', Buffer.concat([BODY, Buffer.of(0)])],
    ['a byte less', BODY.subarray(0, -1)],
    ['the first byte away', BODY.subarray(1)],
    ['in base64url', Buffer.from(BODY.toString('base64url'))],
    ['the body twice', Buffer.concat([BODY, BODY])],
    ['in UTF-16', Buffer.from(text, 'utf16le')],
    ['with a byte order mark', Buffer.from(`\ufeff${text}`)],
  ];
}

function payloadRows(key: TestKey): Wrong[] {
  const b64s = [null, 0, 1, '', 'false', 'true', [], {}, [false]];
  const raw = headerFor(key, { b64: false, crit: ['b64', IAT] });
  const encoded = headerFor(key);
  const text = BODY.toString();
  const by = (header: Header, payload: string) => {
    const head = encode(header);
    return `${head}..${signBase(key, `${head}.${payload}`).toString('base64url')}`;
  };
  return [
    ...b64s.map(b64 => wrong(`b64 ${named(b64)}`, key, { b64, crit: ['b64', IAT] }, MALFORMED)),
    wrong('b64 false and not in crit', key, { b64: false }, MALFORMED),
    wrong('b64 true and not in crit', key, { b64: true }, MALFORMED),
    field('encoded where it says raw', by(raw, BODY.toString('base64url')), INVALID),
    field('raw where it says encoded', by(encoded, text), INVALID),
    field('with a line feed', by(raw, `${text}\n`), INVALID),
    field('in base64', by(encoded, BODY.toString('base64')), INVALID),
    field('of nothing', by(encoded, ''), INVALID),
    field('of another body', by(encoded, encode({})), INVALID),
    field('of the header alone', by(encoded, encode(encoded)), INVALID),
    ...tampered().map(([name, body]) => ({
      name: `then ${name}`,
      call: { ...signJws(POST, key), body },
      code: INVALID,
    })),
    ...tampered().map(([name, body]) => ({
      name: `raw, then ${name}`,
      call: { ...signJws(POST, key, { b64: false, crit: ['b64', IAT] }), body },
      code: INVALID,
    })),
  ];
}

/** The header after it was signed. */
function swapped(key: TestKey): Wrong[] {
  const header = headerFor(key, bound(POST));
  const head = encode(header);
  const made = signBase(key, `${head}.${BODY.toString('base64url')}`).toString('base64url');
  const others: Header[] = [
    ...[{ kid: 'another' }, { [IAT]: NOW - 1 }, { exp: NOW + 9 }, { jti: 'other' }],
    ...[{ htm: undefined, htu: undefined }, { htm: undefined }, { htu: undefined }],
    ...[{ [TAN]: 'example' }, { [ISS]: undefined, crit: [IAT] }, { cty: undefined }],
    ...[{ typ: undefined }, { other: 1 }, { b64: false, crit: ['b64', IAT] }],
  ];
  const { alg, ...rest } = header;
  return [
    ...others.map(changes =>
      field(`then ${named(changes)}`, `${encode({ ...header, ...changes })}..${made}`, INVALID),
    ),
    field('then in another order', `${encode({ ...rest, alg })}..${made}`, INVALID),
    field('then with spaces', `${encode(header, 1)}..${made}`, INVALID),
  ];
}

function keyRows(key: TestKey): Wrong[] {
  return [
    wrong('of a revoked key', key, { kid: 'revoked' }, 'key-inactive'),
    wrong('of a key that has ended', key, { kid: 'ended' }, 'key-inactive'),
    wrong('of a key of later', key, { kid: 'later' }, 'key-inactive'),
    wrong('of a partner who left', key, { kid: 'left' }, 'app-inactive'),
    wrong('of a suspended app', key, { kid: 'suspended' }, 'app-inactive'),
    wrong('of a key for another scheme', key, { kid: 'other-scheme' }, 'signature-scheme'),
    ...['hmac', 'ed25519', 'p384', 'rsa-pss-sha512'].map(kid =>
      wrong(`of the key ${kid}`, key, { kid }, ALGORITHM),
    ),
    wrong('of another key of its kind', key, { kid: 'another' }, INVALID),
    ...swapped(key),
  ];
}

export function wrongCalls(key: TestKey): Wrong[] {
  const makers = [
    ...[headerRows, criticalRows, timeRows, payloadRows, keyRows],
    ...[formRows, signatureRows, targetRows],
  ];
  return makers.flatMap(make => make(key));
}
