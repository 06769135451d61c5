/** Wrong detached signatures, each with its problem. */
import { createHmac } from 'node:crypto';
import { type Call, call, NOW, signBase, type TestKey } from '../signed-call.ts';
import {
  bound,
  encode,
  fieldOf,
  type Header,
  headerFor,
  IAT,
  ISS,
  signJws,
  TAN,
  withField,
} from './jws-call.ts';

export interface Wrong {
  readonly name: string;
  readonly call: Call;
  readonly code: string;
}

const BODY = Buffer.from('{"amount":"12.50","to":"acc-2"}');
const POST = call({ method: 'POST', path: '/transfers/v1/transfers', query: '?a=1', body: BODY });
const MALFORMED = 'signature-malformed';
const INVALID = 'signature-invalid';

function wrong(name: string, key: TestKey, changes: Header, code: string): Wrong {
  return { name, call: signJws(POST, key, changes), code };
}

function field(name: string, value: string, code: string): Wrong {
  return { name, call: withField(POST, value), code };
}

const NO_TEXT = [null, '', 1, true, [], {}, 'x'.repeat(1_025)];
const NO_TIME = [null, '1800000000', true, [], {}, -1, 1.5, 1e12, Number.MAX_SAFE_INTEGER];

function headerRows(key: TestKey): Wrong[] {
  const other = { alg: key.algorithm === 'ecdsa-p256-sha256' ? 'RS256' : 'ES256' };
  const algs = ['none', 'None', '', 'HS256', 'HS512', 'RS512', 'ES384', 'EdDSA', 'rs256', null, 1];
  const crits: [unknown, string][] = [
    [[], MALFORMED],
    [null, MALFORMED],
    ['b64', MALFORMED],
    [{}, MALFORMED],
    [[IAT, IAT], MALFORMED],
    [[IAT, 'unknown'], MALFORMED],
    [['alg'], MALFORMED],
    [['kid'], MALFORMED],
    [['crit'], MALFORMED],
    [['typ'], MALFORMED],
    [['b64'], MALFORMED],
    [['exp'], MALFORMED],
    [['htu'], MALFORMED],
    [[1], MALFORMED],
    [[null], MALFORMED],
    [['__proto__'], MALFORMED],
    [['constructor'], MALFORMED],
    [[[IAT]], MALFORMED],
  ];
  return [
    ...algs.map(alg => wrong(`alg ${alg}`, key, { alg }, 'signature-algorithm')),
    wrong('no alg', key, { alg: undefined }, 'signature-algorithm'),
    wrong('another alg', key, other, 'signature-algorithm'),
    ...crits.map(([crit, code]) => wrong(`crit ${JSON.stringify(crit)}`, key, { crit }, code)),
    ...NO_TEXT.map(kid => wrong(`kid ${String(kid).slice(0, 9)}`, key, { kid }, MALFORMED)),
    wrong('no kid', key, { kid: undefined }, 'signature-coverage'),
    ...['key-9', 'KEY-1', '__proto__', '../key-1'].map(kid => {
      return wrong(`kid ${kid}`, key, { kid }, 'key-unknown');
    }),
    ...[ISS, TAN, 'htm', 'htu', 'jti'].flatMap(name =>
      NO_TEXT.map(value =>
        wrong(`${name} ${String(value).slice(0, 9)}`, key, { [name]: value }, MALFORMED),
      ),
    ),
    ...['JWT', 'at+jwt', '', null, 1, ['JOSE']].map(typ =>
      wrong(`typ ${typ}`, key, { typ }, MALFORMED),
    ),
  ];
}

function timeRows(key: TestKey): Wrong[] {
  const plain = { [IAT]: undefined, crit: undefined };
  return [
    ...NO_TIME.slice(1).map(at => wrong(`iat ${String(at)}`, key, { [IAT]: at }, MALFORMED)),
    ...NO_TIME.slice(1).map(iat =>
      wrong(`plain iat ${String(iat)}`, key, { ...plain, iat }, MALFORMED),
    ),
    ...NO_TIME.map(exp => wrong(`exp ${String(exp)}`, key, { exp }, MALFORMED)),
    wrong('exp before iat', key, { exp: NOW - 1 }, MALFORMED),
    wrong('no iat', key, plain, 'signature-coverage'),
    ...[-61, -120, -86_400, 6, 60, 86_400].map(by => {
      return wrong(`made at ${by} s`, key, { [IAT]: NOW + by }, 'signature-expired');
    }),
    wrong('expired', key, { [IAT]: NOW - 30, exp: NOW - 6 }, 'signature-expired'),
  ];
}

function payloadRows(key: TestKey): Wrong[] {
  const b64s = [null, 0, 'false', [], {}];
  const raw = headerFor(key, { b64: false, crit: ['b64', IAT] });
  const encoded = headerFor(key);
  const text = BODY.toString();
  const by = (header: Header, payload: string) => {
    const head = encode(header);
    return `${head}..${signBase(key, `${head}.${payload}`).toString('base64url')}`;
  };
  return [
    ...b64s.map(b64 => wrong(`b64 ${b64}`, key, { b64, crit: ['b64', IAT] }, MALFORMED)),
    wrong('b64 false and not in crit', key, { b64: false }, MALFORMED),
    wrong('b64 true and not in crit', key, { b64: true }, MALFORMED),
    field('encoded where it says raw', by(raw, BODY.toString('base64url')), INVALID),
    field('raw where it says encoded', by(encoded, text), INVALID),
    field('with a line feed', by(raw, `${text}\n`), INVALID),
    field('padded', by(encoded, BODY.toString('base64')), INVALID),
    field('of nothing', by(encoded, ''), INVALID),
    field('of another body', by(encoded, encode({})), INVALID),
    field('of the header alone', by(encoded, encode(encoded)), INVALID),
    ...[
      ['POST', '/x'],
      ['PUT', ''],
      ['post', ''],
    ].map(([htm, more]) => {
      const changes = { ...bound(POST), htm, htu: `${bound(POST).htu}${more}` };
      return wrong(`bound to ${htm} ${more}`, key, changes, 'signature-coverage');
    }),
    wrong('bound to http', key, { htu: 'http://api.bank.example/' }, 'signature-coverage'),
  ];
}

function keyRows(key: TestKey): Wrong[] {
  return [
    wrong('of a revoked key', key, { kid: 'revoked' }, 'key-inactive'),
    wrong('of a key that has ended', key, { kid: 'ended' }, 'key-inactive'),
    wrong('of a suspended app', key, { kid: 'suspended' }, 'app-inactive'),
    wrong('of a key for another scheme', key, { kid: 'other-scheme' }, 'signature-scheme'),
    wrong('of a key of another kind', key, { kid: 'other-kind' }, 'signature-algorithm'),
    wrong('of another key of its kind', key, { kid: 'another' }, INVALID),
  ];
}

function formRows(key: TestKey): Wrong[] {
  const good = fieldOf(key, headerFor(key), BODY);
  const [head, , signature] = good.split('.') as [string, string, string];
  const raw = (text: string) => Buffer.from(text, 'latin1').toString('base64url');
  const heads = ['', '{}x', '[]', 'null', '"x"', '1', '{"alg":"ES256"', '\xff\xfe', '\ufeff{}'];
  const forms = [
    '',
    '..',
    'x',
    head,
    `${head}..`,
    `..${signature}`,
    `${head}.${signature}`,
    `${head}...${signature}`,
    `${head}.${BODY.toString('base64url')}.${signature}`,
    `${good}.`,
    `.${good}`,
    `${good}=`,
    `${head}=..${signature}`,
    `${good},${good}`,
    `${good} `,
    `${good}\t`,
    `"${good}"`,
    `${good}+`,
    `${good}/`,
    `${head}..${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : 'A'}x`,
    `${'x'.repeat(2_052)}..${signature}`,
    `${head}..${'x'.repeat(8_192)}`,
    ...heads.map(text => `${raw(text)}..${signature}`),
  ];
  const twice = withField(withField(POST, good), good);
  return [
    ...forms.map(text => field(`form ${text.slice(0, 20)} ${text.length}`, text, MALFORMED)),
    { name: 'two of them', call: twice, code: MALFORMED },
  ];
}

function signatureRows(key: TestKey): Wrong[] {
  const head = encode(headerFor(key));
  const signature = signBase(key, `${head}.${BODY.toString('base64url')}`);
  const half = signature.length / 2;
  const zero = Buffer.alloc(half);
  const full = Buffer.alloc(half, 0xff);
  const secret = JSON.stringify(Buffer.from(key.material).toString('base64'));
  const variants: [string, Buffer][] = [
    ['one byte', Buffer.of(0)],
    ['a byte less', signature.subarray(0, -1)],
    ['a byte more', Buffer.concat([signature, Buffer.of(0)])],
    ['a zero in front', Buffer.concat([Buffer.of(0), signature])],
    ['twice', Buffer.concat([signature, signature])],
    ['zeros', Buffer.alloc(signature.length)],
    ['ones', Buffer.alloc(signature.length, 0xff)],
    ['the first half zero', Buffer.concat([zero, signature.subarray(half)])],
    ['the second half zero', Buffer.concat([signature.subarray(0, half), zero])],
    ['the first half too large', Buffer.concat([full, signature.subarray(half)])],
    ['the second half too large', Buffer.concat([signature.subarray(0, half), full])],
    ['by HMAC', createHmac('sha256', secret).update(head).digest()],
    ['by HMAC with the key', createHmac('sha256', key.material).update(head).digest()],
    ...Array.from({ length: 12 }, (_, i): [string, Buffer] => {
      const changed = Buffer.from(signature);
      changed[Math.floor((i * signature.length) / 12)]! ^= 1 << (i % 8);
      return [`a bit of part ${i}`, changed];
    }),
  ];
  return variants.map(([name, bytes]) =>
    field(name, `${head}..${bytes.toString('base64url')}`, INVALID),
  );
}

export function wrongCalls(key: TestKey): Wrong[] {
  const makers = [headerRows, timeRows, payloadRows, keyRows, formRows, signatureRows];
  return makers.flatMap(make => make(key));
}
