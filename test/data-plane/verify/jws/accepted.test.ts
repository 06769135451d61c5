import { createPrivateKey } from 'node:crypto';
import { CompactSign, FlattenedSign, type JWSHeaderParameters } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  type Call,
  call,
  NOW,
  signBase,
  signCall,
  type TestKey,
  VerifyBench,
} from '../signed-call.ts';
import {
  bound,
  ES256,
  encode,
  fieldOf,
  type Header,
  headerFor,
  IAT,
  ISS,
  JWS_KEYS,
  signJws,
  TAN,
  withField,
} from './jws-call.ts';

const BODY = Buffer.from('{"收款人":"星云","amount":"12.50"}');
const POST = call({ method: 'POST', path: '/transfers/v1/transfers', query: '?a=1', body: BODY });
const GET = call({ query: '?limit=10' });
function registered(key: TestKey): VerifyBench {
  const bench = new VerifyBench();
  bench.register('key-1', key, { key: { schemes: ['jws'] } });
  return bench;
}

/** What jose must be told of, to sign with names of others in crit. */
function critical(header: JWSHeaderParameters) {
  return { crit: Object.fromEntries(header.crit!.map(name => [name, true])) };
}

function foreignKey(key: TestKey) {
  return createPrivateKey(key.signing.export({ type: 'pkcs8', format: 'pem' }));
}

/** By jose, which shares no code with the gateway. */
async function signedByJose(unsigned: Call, key: TestKey, changes: Header = {}): Promise<Call> {
  const header = headerFor(key, changes) as JWSHeaderParameters;
  const made = await new FlattenedSign(unsigned.body)
    .setProtectedHeader(header)
    .sign(foreignKey(key), critical(header));
  return withField(unsigned, `${made.protected}..${made.signature}`);
}

/** In the form that has its payload inside, which is then cut out (RFC 7515 appendix F). */
async function cutByHand(unsigned: Call, key: TestKey, changes: Header = {}): Promise<Call> {
  const header = headerFor(key, changes) as JWSHeaderParameters & { alg: string };
  const made = await new CompactSign(unsigned.body)
    .setProtectedHeader(header)
    .sign(foreignKey(key), critical(header));
  const [head, , signature] = made.split('.');
  return withField(unsigned, `${head}..${signature}`);
}

describe.each(JWS_KEYS)('a detached JWS with $algorithm', key => {
  it('says who calls and by which scheme', () => {
    const bench = registered(key);
    const exchange = bench.exchange(signJws(POST, key));
    expect(bench.step(exchange)).toBeUndefined();
    expect(exchange.identity).toMatchObject({ scheme: 'jws', entry: { key: { id: 'key-1' } } });
  });

  it('of jose is accepted, with the payload encoded and as it is', async () => {
    const bench = registered(key);
    expect(bench.verdict(await signedByJose(POST, key))).toBe('accepted');
    const raw = { b64: false, crit: ['b64', IAT] };
    const signed = await signedByJose(POST, key, raw);
    expect(bench.verdict(signed)).toBe('accepted');
    expect(bench.verdict({ ...signed, body: BODY.subarray(1) })).toBe('signature-invalid');
    expect(bench.verdict(await signedByJose(GET, key, bound(GET)))).toBe('accepted');
    expect(bench.verdict(await signedByJose(GET, key, { ...bound(GET), ...raw }))).toBe('accepted');
  });

  it('of jose is accepted where its payload is cut out', async () => {
    const bench = registered(key);
    expect(bench.verdict(await cutByHand(POST, key))).toBe('accepted');
    expect(bench.verdict(await cutByHand(GET, key, bound(GET)))).toBe('accepted');
  });

  it('is accepted once, also with another header field beside it', () => {
    const bench = registered(key);
    const signed = signJws(POST, key);
    expect(bench.verdict(signed)).toBe('accepted');
    const again = { ...signed, headers: [...signed.headers, 'x-other', '1'] };
    expect(bench.verdict(again)).toBe('signature-replayed');
  });

  it('covers the body, and method and target where it names them', () => {
    const bench = registered(key);
    const open = signJws(POST, key);
    expect(bench.verdict({ ...open, body: Buffer.from('{}') })).toBe('signature-invalid');
    // What UK Open Banking leaves open: the same body to another operation of the same app.
    expect(bench.verdict({ ...open, path: '/other' })).toBe('accepted');
    const tied = signJws(POST, key, bound(POST));
    for (const changed of [{ path: '/other' }, { query: '' }, { method: 'PUT' }] as const) {
      expect(bench.verdict({ ...tied, ...changed })).toBe('signature-coverage');
    }
    expect(bench.verdict({ ...tied, authority: 'API.bank.example:443' })).toBe('accepted');
  });

  it('without a body names the call, or is refused', () => {
    const bench = registered(key);
    expect(bench.verdict(signJws(GET, key, bound(GET)))).toBe('accepted');
    expect(bench.verdict(signJws(GET, key))).toBe('signature-coverage');
    const { htm, htu } = bound(GET);
    expect(bench.verdict(signJws(GET, key, { htm }))).toBe('signature-coverage');
    expect(bench.verdict(signJws(GET, key, { htu }))).toBe('signature-coverage');
  });

  it('goes by iat alone, and by exp', () => {
    const bench = registered(key);
    const iat = 1_800_000_000;
    const plain = { [IAT]: undefined, crit: undefined, iat };
    expect(bench.verdict(signJws(POST, key, plain))).toBe('accepted');
    expect(bench.verdict(signJws(POST, key, { ...plain, exp: iat }))).toBe('accepted');
    bench.wallMs += 5_001;
    expect(bench.verdict(signJws(POST, key, { ...plain, exp: iat }))).toBe('signature-expired');
  });

  it('is remembered as long as it would be accepted', () => {
    const bench = registered(key);
    for (const exp of [undefined, NOW + 10]) bench.verdict(signJws(POST, key, { exp }));
    const [byAge, byExp] = bench.nonces.claims;
    expect(byAge).toMatchObject({ appId: 'app-1', expiresAtMs: (NOW + 60) * 1_000 + 1 });
    expect(byExp).toMatchObject({ appId: 'app-1', expiresAtMs: (NOW + 15) * 1_000 + 1 });
  });

  it('from before all nonces were known is refused', () => {
    const bench = registered(key);
    bench.nonces.acceptCreatedAfterMs = NOW * 1_000 - 1;
    expect(bench.verdict(signJws(POST, key))).toBe('accepted');
    bench.nonces.acceptCreatedAfterMs += 1;
    expect(bench.verdict(signJws(POST, key))).toBe('signature-expired');
  });
});

describe('a header', () => {
  const { htm, htu } = bound(POST);

  it.each<[string, Header]>([
    [
      'as versions before 3.1.4 of UK Open Banking have it',
      { b64: false, crit: ['b64', IAT, ISS, TAN] },
    ],
    ['with b64 true', { b64: true, crit: ['b64'] }],
    ['without crit', { crit: undefined }],
    [
      'with everything in crit',
      { htm, htu, exp: NOW, crit: [IAT, ISS, TAN, 'htm', 'htu', 'exp', 'jti'] },
    ],
    ['with plain iat in crit', { [IAT]: undefined, iat: NOW, crit: ['iat'] }],
    ['with the same time twice', { iat: NOW, crit: [IAT, 'iat'] }],
    ['with typ in small letters', { typ: 'jose' }],
    ['with nothing that need not be', { typ: undefined, cty: undefined, jti: undefined }],
    ['with members that nobody asks for', { x: { y: [1] }, ver: 1 }],
    ['at the end of its window', { [IAT]: NOW - 60 }],
    ['at the beginning of its window', { [IAT]: NOW + 5 }],
    ['in other scripts', { [ISS]: '星云 \u{1f680}' }],
  ])('%s is accepted', (_, changes) => {
    expect(registered(ES256).verdict(signJws(POST, ES256, changes))).toBe('accepted');
  });

  it('of 2,048 characters is accepted', () => {
    const header = headerFor(ES256);
    while (encode(header).length < 2_048) header.jti = `${header.jti}x`;
    expect(encode(header)).toHaveLength(2_048);
    expect(registered(ES256).verdict(withField(POST, fieldOf(ES256, header, BODY)))).toBe(
      'accepted',
    );
  });

  it('counts with the last of two members of one name (RFC 7515 section 4)', () => {
    const text = JSON.stringify(headerFor(ES256, { kid: undefined }));
    const twice = text.replace('{', '{"kid":"evil",').replace(/}$/, ',"kid":"key-1"}');
    const head = Buffer.from(twice).toString('base64url');
    const made = signBase(ES256, `${head}.${BODY.toString('base64url')}`).toString('base64url');
    expect(registered(ES256).verdict(withField(POST, `${head}..${made}`))).toBe('accepted');
  });
});

describe('a key', () => {
  it('in the header is no key: the registered one counts', () => {
    const bench = registered(ES256);
    const jwk = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' };
    expect(bench.verdict(signJws(POST, ES256, { jwk, x5c: ['AA'] }))).toBe('accepted');
    expect(bench.verdict(signJws(POST, ES256, { jku: 'https://evil.example' }))).toBe('accepted');
  });

  it('signs so where it is registered for it alone', () => {
    const bench = new VerifyBench();
    bench.register('key-1', ES256);
    expect(bench.verdict(signJws(POST, ES256))).toBe('signature-scheme');
  });
});

it('is decided by RFC 9421 alone where the call is signed so as well', () => {
  const bench = registered(ES256);
  bench.register('other', ES256);
  const both = signCall(withField(GET, `${encode({})}..AAAA`), { keyId: 'other', key: ES256 });
  expect(bench.verdict(both)).toBe('accepted');
});
