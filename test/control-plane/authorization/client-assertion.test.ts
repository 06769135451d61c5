import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  clientEntry,
  encode,
  ISSUER,
  jwtOf,
  keyRecord,
  pairOf,
  ServerBench,
  signWith,
} from './server-bench.ts';

const bench = new ServerBench();
const pairs = { ES256: pairOf('ES256'), PS256: pairOf('PS256'), EdDSA: pairOf('EdDSA') };
const own = pairs.ES256;
const other = pairOf('ES256');
const proofKey = pairOf('ES256');

beforeEach(() => {
  // Failures of the test before are forgotten.
  bench.nowMs += 3_600_000;
  bench.clients.set('app-1', clientEntry('app-1', [keyRecord(own, 'key-1', 'app-1')], 'a:read'));
  bench.clients.set('app-2', clientEntry('app-2', [keyRecord(other, 'key-2', 'app-2')], 'a:read'));
});
afterAll(() => bench.close());

const ask = (assertion: string, form = {}) => bench.token(assertion, [bench.proof(proofKey)], form);
const codeOf = ({ status, body }: ReturnType<typeof ask>) => [status, body.error];
const REFUSED = [401, 'invalid_client'];

describe('a client assertion', () => {
  it.each(['ES256', 'PS256', 'EdDSA'] as const)('by %s proves the client', algorithm => {
    const pair = pairs[algorithm];
    bench.clients.set('app-1', clientEntry('app-1', [keyRecord(pair, 'key-1', 'app-1')], 'a:read'));
    expect(ask(bench.assertion(pair))).toMatchObject({ status: 200 });
  });

  it('counts once: its jti is claimed, with what is answered where it was seen', () => {
    const { claims } = ask(bench.assertion(own, { jti: 'one' }));
    expect(claims.map(({ name, appId }) => [name, appId])).toContainEqual([
      'assertion one',
      'app-1',
    ]);
    const { seen, expiresAtMs } = claims[0]!;
    expect([seen.status, JSON.parse(seen.body).error]).toEqual(REFUSED);
    expect(expiresAtMs).toBe(bench.nowMs + 60_001);
  });

  it('is spent where the request is refused behind it', () => {
    const { status, claims } = ask(bench.assertion(own), { scope: 'b:write' });
    expect([status, claims.length]).toEqual([400, 1]);
  });

  it('is let pass from 10 s in the future, and from no later (FAPI 2.0)', () => {
    for (const name of ['iat', 'nbf']) {
      expect(codeOf(ask(bench.assertion(own, { [name]: bench.now + 10 })))).toEqual([
        200,
        undefined,
      ]);
      expect(codeOf(ask(bench.assertion(own, { [name]: bench.now + 61 })))).toEqual(REFUSED);
    }
  });
});

/** Signed with the client's own key: what is wrong is what it says. */
const CLAIMS: [string, () => Record<string, unknown>][] = [
  ['has expired', () => ({ exp: bench.now - 11 })],
  ['is too old', () => ({ iat: bench.now - 61, exp: bench.now + 60 })],
  ['is from the future', () => ({ iat: bench.now + 61, exp: bench.now + 120 })],
  ['is not valid yet', () => ({ nbf: bench.now + 61 })],
  ['lacks exp', () => ({ exp: undefined })],
  ['lacks iat', () => ({ iat: undefined })],
  ['has a text for exp', () => ({ exp: String(bench.now + 60) })],
  ['has a text for nbf', () => ({ nbf: 'now' })],
  ['has an exp without end', () => ({ exp: 1e300 })],
  ['has a negative iat', () => ({ iat: -1 })],
  ['lacks jti', () => ({ jti: undefined })],
  ['has an empty jti', () => ({ jti: '' })],
  ['has a number for jti', () => ({ jti: 7 })],
  ['has a long jti', () => ({ jti: 'j'.repeat(257) })],
  ['lacks aud', () => ({ aud: undefined })],
  ['is for somebody else', () => ({ aud: 'https://elsewhere.example' })],
  ['is for the token endpoint', () => ({ aud: `${ISSUER}/oauth2/token` })],
  ['is for the issuer with a slash', () => ({ aud: `${ISSUER}/` })],
  ['has its audience in a list', () => ({ aud: [ISSUER] })],
  ['lacks iss', () => ({ iss: undefined })],
  ['lacks sub', () => ({ sub: undefined })],
  ['is of another issuer than sub', () => ({ iss: 'app-2' })],
  ['speaks for another app', () => ({ iss: 'app-2', sub: 'app-2' })],
  ['names no app that there is', () => ({ iss: 'app-9', sub: 'app-9' })],
  ['has a list for sub', () => ({ iss: ['app-1'], sub: ['app-1'] })],
];
const HEADERS: [string, Record<string, unknown>][] = [
  ['alg none', { alg: 'none' }],
  ['alg None', { alg: 'None' }],
  ['alg HS256', { alg: 'HS256' }],
  ['alg RS256, which FAPI 2.0 excludes', { alg: 'RS256' }],
  ['alg ES384', { alg: 'ES384' }],
  ['alg es256', { alg: 'es256' }],
  ['alg of another kind of key', { alg: 'PS256' }],
  ['alg EdDSA over a P-256 key', { alg: 'EdDSA' }],
  ['no alg', { alg: undefined }],
  ['a list for alg', { alg: ['ES256'] }],
  ['no kid', { kid: undefined }],
  ['an unknown kid', { kid: 'key-9' }],
  ['the kid of another app', { kid: 'key-2' }],
  ['a number for kid', { kid: 1 }],
  ['a kid of the prototype', { kid: '__proto__' }],
  ['crit', { crit: ['b64'], b64: true }],
  ['typ of an access token', { typ: 'at+jwt' }],
  ['typ of a proof', { typ: 'dpop+jwt' }],
];

describe('a client assertion is invalid_client', () => {
  it.each(CLAIMS)('where it %s', (_, changes) => {
    expect(codeOf(ask(bench.assertion(own, changes())))).toEqual(REFUSED);
  });

  it.each(HEADERS)('with %s', (_, header) => {
    expect(codeOf(ask(bench.assertion(own, {}, header)))).toEqual(REFUSED);
  });

  it('that was signed with HMAC over the public key', () => {
    const pem = own.publicKey.export({ type: 'spki', format: 'pem' });
    const spki = own.publicKey.export({ type: 'spki', format: 'der' });
    for (const secret of [pem, spki]) {
      for (const alg of ['HS256', 'ES256']) {
        const signed = `${encode({ alg, kid: 'key-1' })}.${encode(bench.claims())}`;
        const mac = createHmac('sha256', secret).update(signed).digest('base64url');
        expect(codeOf(ask(`${signed}.${mac}`))).toEqual(REFUSED);
      }
    }
  });

  it('that has no signature', () => {
    const signed = `${encode({ alg: 'none', kid: 'key-1' })}.${encode(bench.claims())}`;
    for (const text of [signed, `${signed}.`]) expect(codeOf(ask(text))).toEqual(REFUSED);
  });

  it('that another key signed', () => {
    expect(codeOf(ask(bench.assertion(other)))).toEqual(REFUSED);
  });

  it('that a key on another curve signed', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const signed = `${encode({ alg: 'ES256', kid: 'key-1' })}.${encode(bench.claims())}`;
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
    const signature = sign('sha256', Buffer.from(signed), key);
    expect(codeOf(ask(`${signed}.${signature.toString('base64url')}`))).toEqual(REFUSED);
  });

  it('whose signature is DER, zero, cut, longer, or changed in any byte', () => {
    const order = Buffer.from(
      'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
      'hex',
    );
    const wrong: ((good: Buffer, signed: string) => Buffer)[] = [
      (_, signed) => signWith(own, signed, true),
      () => Buffer.alloc(64),
      () => Buffer.alloc(1),
      good => good.subarray(0, 63),
      good => Buffer.concat([good, Buffer.alloc(1)]),
      good => Buffer.concat([good, good]),
      good => Buffer.concat([order, good.subarray(32)]),
      good => Buffer.concat([good.subarray(0, 32), order]),
      ...Array.from({ length: 64 }, (_, place) => (good: Buffer) => {
        const changed = Buffer.from(good);
        changed[place]! ^= 1;
        return changed;
      }),
    ];
    for (const change of wrong) {
      bench.nowMs += 6_000;
      const signed = `${encode({ alg: 'ES256', kid: 'key-1' })}.${encode(bench.claims())}`;
      const signature = change(signWith(own, signed), signed).toString('base64url');
      expect(ask(`${signed}.${signature}`)).toMatchObject({
        status: 401,
        body: { error: 'invalid_client', error_description: expect.stringContaining('signature') },
      });
    }
  });

  it('that was cut anywhere', () => {
    for (let cut = 1; cut < 400; cut += 7) {
      bench.nowMs += 6_000;
      expect(codeOf(ask(bench.assertion(own).slice(0, -cut)))).toEqual(REFUSED);
    }
  });

  it('that is no JWT of three parts', () => {
    const text = bench.assertion(own);
    const shapes = [
      'a',
      'a.b',
      'a.b.c.d',
      `${text}.`,
      `.${text}`,
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
    ];
    for (const shape of shapes) expect(codeOf(ask(shape))).toEqual(REFUSED);
    for (const claims of ['[]', 'null', '"x"', '{', '7']) {
      const header = { alg: 'ES256', kid: 'key-1' };
      expect(codeOf(ask(jwtOf(own, header, claims)))).toEqual(REFUSED);
    }
  });

  it('that is longer than 8,192 characters', () => {
    expect(codeOf(ask(bench.assertion(own, { more: 'x'.repeat(8_000) })))).toEqual(REFUSED);
  });

  it('beside another client_id, or of another type', () => {
    expect(codeOf(ask(bench.assertion(own), { client_id: 'app-2' }))).toEqual(REFUSED);
    const type = {
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
    };
    expect(codeOf(ask(bench.assertion(own), type))).toEqual(REFUSED);
  });

  it('from before the jti of earlier ones are known', () => {
    const form = { grant_type: 'client_credentials', client_assertion: bench.assertion(own) };
    const changes = { acceptIssuedAfterMs: bench.nowMs };
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const { status } = bench.send({ ...form, client_assertion_type: type }, changes);
    expect(status).toBe(401);
  });

  it.each([
    ['revoked', { revoked: true }],
    ['not valid yet', { notBeforeMs: Number.MAX_SAFE_INTEGER }],
    ['expired', { notAfterMs: 1 }],
  ])('by a key that is %s', (_, changes) => {
    const key = { ...keyRecord(own, 'key-1', 'app-1'), ...changes };
    bench.clients.set('app-1', clientEntry('app-1', [key], 'a:read'));
    expect(codeOf(ask(bench.assertion(own)))).toEqual(REFUSED);
  });

  it.each(['app', 'partner'] as const)('of an %s that is not active', kind => {
    const entry = clientEntry('app-1', [keyRecord(own, 'key-1', 'app-1')], 'a:read');
    bench.clients.set('app-1', { ...entry, [kind]: { ...entry[kind], active: false } });
    expect(codeOf(ask(bench.assertion(own)))).toEqual(REFUSED);
  });
});

describe('failing attempts', () => {
  const wrong = () => ask(bench.assertion(other));

  it('of a client from an address are looked at ten times, then one every six seconds', () => {
    for (let turn = 0; turn < 10; turn++) expect(codeOf(wrong())).toEqual(REFUSED);
    const late = ask(bench.assertion(own));
    expect(codeOf(late)).toEqual([429, 'temporarily_unavailable']);
    expect(late.headers.slice(-2)).toEqual(['retry-after', '6']);
    bench.nowMs += 6_000;
    expect(codeOf(ask(bench.assertion(own)))).toEqual([200, undefined]);
  });

  it('cost other clients and other addresses nothing', () => {
    for (let turn = 0; turn < 11; turn++) wrong();
    const claims = { iss: 'app-2', sub: 'app-2' };
    expect(codeOf(ask(bench.assertion(other, claims, { kid: 'key-2' })))).toEqual([200, undefined]);
  });

  it('never repeat what was sent', () => {
    const assertion = bench.assertion(other, { jti: 'secret-jti' });
    expect(JSON.stringify(ask(assertion))).not.toContain('secret-jti');
  });
});
