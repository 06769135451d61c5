/** More that must not prove a client or bind a token, each in its own way, with its exact error. */
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Algorithm,
  certificateOf,
  clientEntry,
  encode,
  ISSUER,
  jwtOf,
  keyRecord,
  type Members,
  pairOf,
  ServerBench,
  signWith,
  TYPE,
} from './server-bench.ts';

const bench = new ServerBench();
const ALGORITHMS = ['ES256', 'PS256', 'EdDSA'] as const;
const pairs = { ES256: pairOf('ES256'), PS256: pairOf('PS256'), EdDSA: pairOf('EdDSA') };
const strangers = { ES256: pairOf('ES256'), PS256: pairOf('PS256'), EdDSA: pairOf('EdDSA') };
const proofKeys = { ES256: pairOf('ES256'), PS256: pairOf('PS256'), EdDSA: pairOf('EdDSA') };
const jwkOf = (algorithm: Algorithm): JsonWebKey =>
  proofKeys[algorithm].publicKey.export({ format: 'jwk' });

beforeEach(() => {
  // Failures of the test before are forgotten.
  bench.nowMs += 3_600_000;
  const keys = ALGORITHMS.map(algorithm => keyRecord(pairs[algorithm], algorithm, 'app-1'));
  bench.clients.set('app-1', clientEntry('app-1', keys, 'a:read'));
});
afterAll(() => bench.close());

type Answer = ReturnType<ServerBench['send']>;
const outcome = ({ status, body }: Answer) => [status, body.error];
const REFUSED = [401, 'invalid_client'];
const UNPROVEN = [400, 'invalid_dpop_proof'];
const assertionBy = (algorithm: Algorithm, claims: Members = {}, header: Members = {}) =>
  bench.assertion(pairs[algorithm], claims, { kid: algorithm, ...header });
const ask = (assertion: string, proof = bench.proof(proofKeys.ES256)) =>
  bench.token(assertion, [proof]);
const proven = (proof: string) => outcome(ask(assertionBy('ES256'), proof));

describe('what the vectors are made from', () => {
  it.each(ALGORITHMS)('gets a token as it is, by %s', algorithm => {
    const proof = bench.proof(proofKeys[algorithm]);
    expect(outcome(ask(assertionBy(algorithm), proof))).toEqual([200, undefined]);
  });
});

/** What stands in the place of a claim that must be a text, or a time. */
const NO_TEXTS: [string, unknown][] = [
  ['null', null],
  ['true', true],
  ['a number', 1],
  ['a list', ['app-1']],
  ['an object', { is: 'app-1' }],
  ['257 characters', 'c'.repeat(257)],
];
const NO_TIMES: [string, unknown][] = [
  ['null', null],
  ['true', true],
  ['a text', '1767225600'],
  ['a list', [1_767_225_600]],
  ['an object', {}],
  ['a time below zero', -1],
  ['a time beyond all', 9_007_199_254_741],
  ['the beginning of all time', 0],
];
const cases = (names: readonly string[], values: readonly [string, unknown][]) =>
  names.flatMap(name =>
    values.map(([what, value]): [string, string, unknown] => [name, what, value]),
  );

describe('a client assertion is invalid_client', () => {
  it.each(cases(['iss', 'sub', 'aud', 'jti'], NO_TEXTS))('with %s of %s', (name, _, value) => {
    expect(outcome(ask(assertionBy('ES256', { [name]: value })))).toEqual(REFUSED);
  });

  it.each(cases(['exp', 'iat'], NO_TIMES))('with %s of %s', (name, _, value) => {
    expect(outcome(ask(assertionBy('ES256', { [name]: value })))).toEqual(REFUSED);
  });

  it.each(cases(['nbf'], NO_TIMES.slice(0, -1)))('with %s of %s', (name, _, value) => {
    expect(outcome(ask(assertionBy('ES256', { [name]: value })))).toEqual(REFUSED);
  });

  it.each(cases(['alg', 'kid'], NO_TEXTS))('with %s in the header of %s', (name, _, value) => {
    expect(outcome(ask(assertionBy('ES256', {}, { [name]: value })))).toEqual(REFUSED);
  });

  it.each([
    ...['RS384', 'RS512', 'PS384', 'PS512', 'ES512', 'ES256K', 'Ed448', 'HS384', 'HS512'],
    ...['NONE', 'nOnE', ' ES256', 'ES256 ', 'eddsa', 'ps256', 'SM2SM3', '', 'toString'],
  ])('with alg "%s"', alg => {
    expect(outcome(ask(assertionBy('ES256', {}, { alg })))).toEqual(REFUSED);
  });

  it.each([
    'http://api.bank.example',
    'https://API.bank.example',
    'https://api.bank.example:443',
    'https://api.bank.example.',
    'https://api.bank.example?',
    'https://api.bank.example#',
    'https://api.bank.example.evil.example',
    ' https://api.bank.example',
    'https://api.bank.example ',
    'api.bank.example',
    `${ISSUER}/oauth2/revoke`,
    `${ISSUER}/oauth2/introspect`,
    `${ISSUER}/.well-known/oauth-authorization-server`,
    '',
  ])('for the audience "%s"', aud => {
    expect(outcome(ask(assertionBy('ES256', { aud })))).toEqual(REFUSED);
  });

  it.each(['dpop+jwt', 'at+jwt', 'jwt', 'JWS', 'token-introspection+jwt', '', 'logout+jwt'])(
    'of typ "%s"',
    typ => {
      expect(outcome(ask(assertionBy('ES256', {}, { typ })))).toEqual(REFUSED);
    },
  );

  it.each([[[]], [['exp']], [['b64']], ['exp'], [null], [false]])('with crit %j', crit => {
    expect(outcome(ask(assertionBy('ES256', {}, { crit })))).toEqual(REFUSED);
  });

  const swaps = ALGORITHMS.flatMap(by =>
    ALGORITHMS.filter(other => other !== by).map(other => [by, other] as const),
  );
  it.each(swaps)('by %s under the kid of %s', (by, kid) => {
    expect(outcome(ask(assertionBy(by, {}, { kid })))).toEqual(REFUSED);
  });

  it.each(swaps)('by %s that says %s, under the kid of what it says', (by, alg) => {
    expect(outcome(ask(assertionBy(by, {}, { kid: alg, alg })))).toEqual(REFUSED);
  });

  it.each(ALGORITHMS)('by a stranger’s %s key, which it brings along', algorithm => {
    const { publicKey } = strangers[algorithm];
    const jwk = publicKey.export({ format: 'jwk' });
    for (const more of [{}, { jwk }, { jku: 'https://evil.example/jwks' }, { x5c: ['AAAA'] }]) {
      const header = { kid: algorithm, ...more };
      expect(outcome(ask(bench.assertion(strangers[algorithm], {}, header)))).toEqual(REFUSED);
    }
  });

  const WRONG: [string, (good: Buffer) => Buffer][] = [
    ['zeros', good => Buffer.alloc(good.length)],
    ['ones', good => Buffer.alloc(good.length, 0xff)],
    ['one byte', () => Buffer.alloc(1)],
    ['the half of it', good => good.subarray(0, good.length / 2)],
    ['all but its first byte', good => good.subarray(1)],
    ['all but its last byte', good => good.subarray(0, -1)],
    ['it with a byte before', good => Buffer.concat([Buffer.alloc(1), good])],
    ['it with a byte behind', good => Buffer.concat([good, Buffer.alloc(1)])],
    ['it twice', good => Buffer.concat([good, good])],
    ['it backwards', good => Buffer.from(good).reverse()],
    ['its halves changed over', halvesChangedOver],
  ];
  it.each(
    ALGORITHMS.flatMap(algorithm =>
      WRONG.map(([what, change]) => [algorithm, what, change] as const),
    ),
  )('whose %s signature is %s', (algorithm, _, change) => {
    const signed = `${encode({ alg: algorithm, kid: algorithm })}.${encode(bench.claims())}`;
    const wrong = change(signWith(pairs[algorithm], signed));
    expect(outcome(ask(`${signed}.${wrong.toString('base64url')}`))).toEqual(REFUSED);
  });

  it('whose PS256 signature lacks the zero that it begins with (RFC 8017 section 8.1.2)', () => {
    let signed: string;
    let good: Buffer;
    // One of 256 begins with a zero.
    do {
      signed = `${encode({ alg: 'PS256', kid: 'PS256' })}.${encode(bench.claims())}`;
      good = signWith(pairs.PS256, signed);
    } while (good[0] !== 0);
    const wrong = good.subarray(1).toString('base64url');
    expect(outcome(ask(`${signed}.${wrong}`))).toEqual(REFUSED);
    expect(outcome(ask(`${signed}.${good.toString('base64url')}`))).toEqual([200, undefined]);
  });

  it.each(ALGORITHMS)('whose %s signature is that of other claims', algorithm => {
    const [head, , signature] = assertionBy(algorithm).split('.');
    const claims = encode(bench.claims({ more: 1 }));
    expect(outcome(ask(`${head}.${claims}.${signature}`))).toEqual(REFUSED);
  });

  it.each(ALGORITHMS)('whose header was written anew behind the %s signature', algorithm => {
    const [, claims, signature] = assertionBy(algorithm).split('.');
    const head = encode({ kid: algorithm, alg: algorithm });
    expect(outcome(ask(`${head}.${claims}.${signature}`))).toEqual(REFUSED);
  });

  it.each([
    ['padding', '='],
    ['a character of plain base64', '+'],
    ['a space', ' '],
    ['a line end', '\n'],
    ['a NUL', '\0'],
    ['a dot', '.'],
  ])('with %s in any of its parts', (_, character) => {
    const parts = assertionBy('ES256').split('.');
    for (const place of [0, 1, 2]) {
      const text = parts.map((part, i) => (i === place ? part + character : part)).join('.');
      expect(outcome(ask(text))).toEqual(REFUSED);
    }
  });
});

function halvesChangedOver(good: Buffer): Buffer {
  const half = good.length / 2;
  return Buffer.concat([good.subarray(half), good.subarray(0, half)]);
}

const POINT_BESIDE = { ...jwkOf('ES256'), y: jwkOf('ES256').x };
const WEAK = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
const JWKS: [string, Algorithm, unknown][] = [
  ['of a point beside the curve', 'ES256', POINT_BESIDE],
  ['on P-384', 'ES256', P384.export({ format: 'jwk' })],
  ['on P-384 that says P-256', 'ES256', { ...P384.export({ format: 'jwk' }), crv: 'P-256' }],
  ['that says P-384', 'ES256', { ...jwkOf('ES256'), crv: 'P-384' }],
  ['that says secp256k1', 'ES256', { ...jwkOf('ES256'), crv: 'secp256k1' }],
  ['without crv', 'ES256', { ...jwkOf('ES256'), crv: undefined }],
  ['without x', 'ES256', { ...jwkOf('ES256'), x: undefined }],
  ['without y', 'ES256', { ...jwkOf('ES256'), y: undefined }],
  ['with an empty x', 'ES256', { ...jwkOf('ES256'), x: '' }],
  ['with a number for x', 'ES256', { ...jwkOf('ES256'), x: 7 }],
  ['with kty RSA over a point', 'ES256', { ...jwkOf('ES256'), kty: 'RSA' }],
  ['with kty oct', 'ES256', { kty: 'oct', k: 'AAAA' }],
  ['that is a text', 'ES256', JSON.stringify(jwkOf('ES256'))],
  ['that is a list', 'ES256', [jwkOf('ES256')]],
  ['that is null', 'ES256', null],
  ['of RSA with 1,024 bits', 'PS256', WEAK.export({ format: 'jwk' })],
  ['of RSA with exponent 3', 'PS256', { ...jwkOf('PS256'), e: 'Aw' }],
  ['of RSA with exponent 1', 'PS256', { ...jwkOf('PS256'), e: 'AQ' }],
  ['of RSA without n', 'PS256', { ...jwkOf('PS256'), n: undefined }],
  ['of RSA with a vast modulus', 'PS256', { ...jwkOf('PS256'), n: 'A'.repeat(1_367) }],
  ['of RSA with a private exponent', 'PS256', { ...jwkOf('PS256'), d: 'AQAB' }],
  ['of Ed25519 that says X25519', 'EdDSA', { ...jwkOf('EdDSA'), crv: 'X25519' }],
  ['of Ed25519 that says Ed448', 'EdDSA', { ...jwkOf('EdDSA'), crv: 'Ed448' }],
  ['of Ed25519 with a short x', 'EdDSA', { ...jwkOf('EdDSA'), x: 'AAAA' }],
  ['of Ed25519 with a private half', 'EdDSA', { ...jwkOf('EdDSA'), d: 'AAAA' }],
];

describe('a DPoP proof is invalid_dpop_proof', () => {
  it.each(JWKS)('with a jwk %s', (_, algorithm, jwk) => {
    expect(proven(bench.proof(proofKeys[algorithm], {}, { jwk }))).toEqual(UNPROVEN);
  });

  it.each(ALGORITHMS)('with the jwk of another %s key', algorithm => {
    const jwk = strangers[algorithm].publicKey.export({ format: 'jwk' });
    expect(proven(bench.proof(proofKeys[algorithm], {}, { jwk }))).toEqual(UNPROVEN);
  });

  it.each(['RS256', 'ES384', 'HS256', 'none', 'None', 'ES256 ', 'Ed448', '', null, 7])(
    'with alg %j',
    alg => {
      expect(proven(bench.proof(proofKeys.ES256, {}, { alg }))).toEqual(UNPROVEN);
    },
  );

  it.each(['JWT', 'at+jwt', 'DPOP+JWT', 'dpop', '', null, ['dpop+jwt']])('of typ %j', typ => {
    expect(proven(bench.proof(proofKeys.ES256, {}, { typ }))).toEqual(UNPROVEN);
  });

  it.each(['post', 'GET', 'PUT', ' POST', '', null, ['POST']])('with htm %j', htm => {
    expect(proven(bench.proof(proofKeys.ES256, { htm }))).toEqual(UNPROVEN);
  });

  it.each([
    ...['http://api.bank.example/oauth2/token', 'https://api.bank.example:8443/oauth2/token'],
    ...[`${ISSUER}/oauth2/token/`, `${ISSUER}/oauth2/Token`, `${ISSUER}//oauth2/token`],
    ...[`${ISSUER}.evil.example/oauth2/token`, 'https://evil.example/oauth2/token', ISSUER],
    ...['https://user@api.bank.example/oauth2/token', 'https://@api.bank.example/oauth2/token'],
    ...['/oauth2/token', '', null, 7, [`${ISSUER}/oauth2/token`]],
  ])('with htu %j', htu => {
    expect(proven(bench.proof(proofKeys.ES256, { htu }))).toEqual(UNPROVEN);
  });

  it.each(cases(['iat'], NO_TIMES))('with %s of %s', (name, _, value) => {
    expect(proven(bench.proof(proofKeys.ES256, { [name]: value }))).toEqual(UNPROVEN);
  });

  it.each([...NO_TEXTS, ['nothing in it', '']])('with a jti of %s', (_, jti) => {
    expect(proven(bench.proof(proofKeys.ES256, { jti }))).toEqual(UNPROVEN);
  });
});

describe('a certificate is invalid_client', () => {
  it.each(ALGORITHMS)('of a stranger’s %s key', algorithm => {
    const certificate = certificateOf(strangers[algorithm]);
    const form = { grant_type: 'client_credentials', client_id: 'app-1' };
    expect(outcome(bench.send(form, { certificate }))).toEqual(REFUSED);
  });

  it('beside an assertion that is wrong, which it does not stand in for', () => {
    const certificate = certificateOf(pairs.ES256);
    const form = { grant_type: 'client_credentials', client_id: 'app-1' };
    const assertions = [
      'x',
      jwtOf(strangers.ES256, { alg: 'ES256', kid: 'ES256' }, bench.claims()),
    ];
    for (const client_assertion of assertions) {
      const answer = bench.send(
        { ...form, client_assertion_type: TYPE, client_assertion },
        { certificate },
      );
      expect(outcome(answer)).toEqual(REFUSED);
    }
  });
});
