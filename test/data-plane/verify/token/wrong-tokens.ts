/** Wrong tokens, each with its problem. */
import { createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { exportPKCS8 } from 'jose';
import { NOW } from '../signed-call.ts';
import {
  AUDIENCE,
  type Claims,
  goodClaims,
  ISSUER,
  type Pair,
  pairOf,
  signToken,
} from './token-bench.ts';

export interface WrongToken {
  readonly name: string;
  readonly authorization: string;
  readonly code: string;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function bearer(name: string, token: string, code: string): WrongToken {
  return { name, authorization: `Bearer ${token}`, code };
}

/** A value of one claim and what becomes of the token. */
type ClaimRow = readonly [claim: string, value: unknown, code: string];

const NO_TEXT = [undefined, '', null, 1, true, [], {}, ['app-1'], 'x'.repeat(513)];
const NO_TIME = [undefined, null, '1800000000', true, [], {}, -1, 1e30];
const CLAIM_ROWS: readonly ClaimRow[] = [
  ...['sub', 'client_id', 'jti'].flatMap(claim =>
    NO_TEXT.map((value): ClaimRow => [claim, value, 'token-malformed']),
  ),
  ...['exp', 'iat'].flatMap(claim =>
    NO_TIME.map((value): ClaimRow => [claim, value, 'token-malformed']),
  ),
  ...NO_TIME.slice(1).map((value): ClaimRow => ['nbf', value, 'token-malformed']),
  ...[null, 1, true, [], {}, ['a']].map((value): ClaimRow => ['scope', value, 'token-malformed']),
  ...[
    undefined,
    null,
    '',
    1,
    [],
    {},
    ['other'],
    'other',
    `${AUDIENCE}/`,
    AUDIENCE.toUpperCase(),
    [AUDIENCE.slice(0, -1)],
    { [AUDIENCE]: 1 },
    [[AUDIENCE]],
  ].map((value): ClaimRow => ['aud', value, 'token-untrusted']),
  ...[
    undefined,
    null,
    '',
    1,
    [ISSUER],
    { iss: ISSUER },
    `${ISSUER}/`,
    ISSUER.toUpperCase(),
    'https://evil.example',
    `${ISSUER}.evil.example`,
    '__proto__',
    'constructor',
  ].map((value): ClaimRow => ['iss', value, 'token-untrusted']),
  ...['app-2', 'APP-1', 'app-1 ', 'partner-1', '__proto__', 'key-ES256'].map(
    (value): ClaimRow => ['client_id', value, 'token-untrusted'],
  ),
  ...['customer-77', 'APP-1', 'app-1 '].map((value): ClaimRow => ['sub', value, 'token-untrusted']),
  ['scope', 'x'.repeat(2_049), 'token-malformed'],
  ...[NOW - 6, NOW - 60, 1, 0].map((value): ClaimRow => ['exp', value, 'token-expired']),
  ...[NOW + 6, NOW + 500, NOW + 1e6].map((value): ClaimRow => ['iat', value, 'token-expired']),
  ...[NOW + 6, NOW + 500].map((value): ClaimRow => ['nbf', value, 'token-expired']),
  ...[NOW + 3_601, NOW + 86_400, NOW + 1e9].map(
    (value): ClaimRow => ['exp', value, 'token-untrusted'],
  ),
  ...[
    null,
    1,
    'x',
    [],
    {},
    { jkt: 'A'.repeat(42) },
    { jkt: 'A'.repeat(43) },
    { jwk: {} },
    { kid: 'a' },
    { 'x5t#S256': '' },
    { 'x5t#S256': 'A'.repeat(42) },
    { 'x5t#S256': 'A'.repeat(44) },
    { 'x5t#S256': ['A'.repeat(43)] },
    { 'x5t#S256': 'A'.repeat(43), jkt: 'A'.repeat(43) },
    { 'x5t#S256': 'A'.repeat(43) },
  ].map((value): ClaimRow => ['cnf', value, 'token-binding']),
];

async function wrongClaims(pair: Pair): Promise<WrongToken[]> {
  return Promise.all(
    CLAIM_ROWS.map(async ([claim, value, code]) => {
      const claims: Claims = { ...goodClaims(), [claim]: value };
      // Undefined where the claim __proto__ would be set on the object itself.
      const token = await signToken(pair, claims);
      return bearer(`${claim} ${String(JSON.stringify(value)).slice(0, 40)}`, token, code);
    }),
  );
}

/** A header that the issuer would not write, signed by hand so that nothing refuses to. */
async function handMade(
  pair: Pair,
  header: object,
  claims: Claims = goodClaims(),
): Promise<string> {
  const signed = `${encode(header)}.${encode(claims)}`;
  const key = createPrivateKey(await exportPKCS8(pair.privateKey));
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

async function wrongHeaders(pair: Pair): Promise<WrongToken[]> {
  const good = { alg: 'ES256', kid: 'key-ES256', typ: 'at+jwt' };
  const types = [undefined, 'JWT', 'jwt', 'at+jwt ', 'application/jwt', 'dpop+jwt', 1, null, []];
  const kids = [undefined, null, '', 1, 'key-9', 'KEY-ES256', ['key-ES256'], '__proto__'];
  const names = ['none', 'None', 'NONE', '', 'HS256', 'HS384', 'HS512', 'ES256K', 'ES512'];
  const more = [
    'RS1',
    'RSA-OAEP',
    'dir',
    'es256',
    'RS384',
    'PS512',
    null,
    256,
    ['ES256'],
    undefined,
  ];
  const others = ['RS256', 'PS256', 'ES384', 'EdDSA'];
  const rows: [object, string][] = [
    ...types.map((typ): [object, string] => [{ ...good, typ }, 'token-malformed']),
    ...kids.map((kid): [object, string] => [{ ...good, kid }, 'token-untrusted']),
    ...[...names, ...more, ...others].map((alg): [object, string] => [
      { ...good, alg },
      'token-untrusted',
    ]),
    ...others.map((alg): [object, string] => [{ ...good, kid: `key-${alg}` }, 'token-untrusted']),
    ...[['exp'], [], ['b64'], null, 'x', {}].map((crit): [object, string] => [
      { ...good, crit },
      'token-malformed',
    ]),
  ];
  return Promise.all(
    rows.map(async ([header, code]) => {
      return bearer(`header ${JSON.stringify(header)}`, await handMade(pair, header), code);
    }),
  );
}

/** HMAC with what everybody knows: the public key. */
function confused({ jwk }: Pair): WrongToken[] {
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return ['HS256', 'ES256'].flatMap(alg =>
    [pem, JSON.stringify(jwk), jwk.x!, ''].map(secret => {
      const head = { alg, kid: jwk.kid, typ: 'at+jwt' };
      const signed = `${encode(head)}.${encode(goodClaims())}`;
      const mac = createHmac('sha256', secret).update(signed).digest('base64url');
      const code = alg === 'HS256' ? 'token-untrusted' : 'token-invalid';
      return bearer(`${alg} by HMAC with the public key`, `${signed}.${mac}`, code);
    }),
  );
}

/** Signatures over the right text that are none. */
async function wrongSignatures(pair: Pair, alg: string): Promise<WrongToken[]> {
  const token = await signToken(pair, goodClaims());
  const [head, claims, text] = token.split('.') as [string, string, string];
  const signature = Buffer.from(text, 'base64url');
  const half = signature.length / 2;
  const zero = Buffer.alloc(half);
  const full = Buffer.alloc(half, 0xff);
  const cut = (bytes: Buffer) => `${head}.${claims}.${bytes.toString('base64url')}`;
  const variants: [string, Buffer][] = [
    ['one byte', Buffer.of(0)],
    ['one byte less', signature.subarray(0, -1)],
    ['one byte more', Buffer.concat([signature, Buffer.of(0)])],
    ['a zero in front', Buffer.concat([Buffer.of(0), signature])],
    ['twice', Buffer.concat([signature, signature])],
    ['zeros', Buffer.alloc(signature.length)],
    ['ones', Buffer.alloc(signature.length, 0xff)],
    ['r of zero', Buffer.concat([zero, signature.subarray(half)])],
    ['s of zero', Buffer.concat([signature.subarray(0, half), zero])],
    ['r too large', Buffer.concat([full, signature.subarray(half)])],
    ['s too large', Buffer.concat([signature.subarray(0, half), full])],
    ['halves exchanged', Buffer.concat([signature.subarray(half), signature.subarray(0, half)])],
    ...Array.from({ length: 12 }, (_, i): [string, Buffer] => {
      const changed = Buffer.from(signature);
      changed[Math.floor((i * signature.length) / 12)]! ^= 1 << (i % 8);
      return [`a bit of part ${i}`, changed];
    }),
  ];
  return variants.map(([name, bytes]) => bearer(`${alg}: ${name}`, cut(bytes), 'token-invalid'));
}

/** Claims or header of another token under the signature of this one. */
async function moved(pair: Pair, alg: string): Promise<WrongToken[]> {
  const [first, second] = await Promise.all([
    signToken(pair, goodClaims()),
    signToken(pair, { ...goodClaims(), scope: 'transfers:write' }),
  ]);
  const [head, claims, signature] = first.split('.') as [string, string, string];
  const [, others] = second.split('.') as [string, string, string];
  const more = encode({ ...goodClaims(), scope: 'everything' });
  const longer = encode({ alg, kid: pair.jwk.kid, typ: 'at+jwt', x: 1 });
  return [
    bearer(`${alg}: claims of another`, `${head}.${others}.${signature}`, 'token-invalid'),
    bearer(`${alg}: claims made up`, `${head}.${more}.${signature}`, 'token-invalid'),
    bearer(`${alg}: another header`, `${longer}.${claims}.${signature}`, 'token-invalid'),
  ];
}

async function wrongForms(pair: Pair): Promise<WrongToken[]> {
  const token = await signToken(pair, goodClaims());
  const [head, claims, signature] = token.split('.') as [string, string, string];
  const raw = (text: string) => Buffer.from(text, 'latin1').toString('base64url');
  const heads = ['', '{}x', '[]', 'null', '"x"', '1', '{"alg":"ES256"', '\xff\xfe', '\ufeff{}'];
  const forms = [
    '',
    'x',
    '.',
    '..',
    '...',
    head,
    `${head}.${claims}`,
    `${head}.${claims}.`,
    `.${claims}.${signature}`,
    `${head}..${signature}`,
    `${token}.${signature}`,
    `${token}.a.b`,
    `${token}=`,
    `${head}=.${claims}.${signature}`,
    `${token} `,
    `${token},`,
    `${token}\t`,
    token.replaceAll('.', '..'),
    `${head}.${claims}.${signature}+`,
    `${head}.${claims}.${signature}/`,
    `${head}.${claims} .${signature}`,
    `"${token}"`,
    `token=${token}`,
    'x'.repeat(8_193),
    `${head}.${'e30'.padEnd(9_000, 'A')}.${signature}`,
    ...heads.map(text => `${raw(text)}.${claims}.${signature}`),
    ...heads.map(text => `${head}.${raw(text)}.${signature}`),
  ];
  return forms.map(text => bearer(`form ${text.slice(0, 24)}`, text, 'token-malformed'));
}

/** `pairs` are the issuer's, the one of ES256 among them. */
export async function wrongTokens(pairs: readonly Pair[]): Promise<WrongToken[]> {
  const es256 = pairs.find(({ jwk }) => jwk.alg === 'ES256')!;
  const ofEach = await Promise.all(
    pairs.map(async pair => {
      const { alg, kid } = pair.jwk as { alg: string; kid: string };
      const stranger = await signToken(await pairOf(alg, kid), goodClaims());
      return [
        bearer(`${alg}: of another key`, stranger, 'token-invalid'),
        ...(await wrongSignatures(pair, alg)),
        ...(await moved(pair, alg)),
      ];
    }),
  );
  return [
    ...(await wrongClaims(es256)),
    ...(await wrongHeaders(es256)),
    ...confused(es256),
    ...(await wrongForms(es256)),
    ...ofEach.flat(),
  ];
}
