import { createPrivateKey } from 'node:crypto';
import { FlattenedSign, type JWSHeaderParameters } from 'jose';
import { describe, expect, it } from 'vitest';
import { type Call, call, signCall, type TestKey, VerifyBench } from '../signed-call.ts';
import {
  bound,
  ES256,
  encode,
  fieldOf,
  headerFor,
  IAT,
  JWS_KEYS,
  signJws,
  withField,
} from './jws-call.ts';

const BODY = Buffer.from('{"收款人":"星云","amount":"12.50"}');
const POST = call({ method: 'POST', path: '/transfers/v1/transfers', query: '?a=1', body: BODY });
const GET = call({ query: '?limit=10' });
/** The order of the curve's group (SEC 2 section 2.4.2). */
const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

function registered(key: TestKey): VerifyBench {
  const bench = new VerifyBench();
  bench.register('key-1', key, { key: { schemes: ['jws'] } });
  return bench;
}

/** By jose, which shares no code with the gateway. */
async function signedByJose(unsigned: Call, key: TestKey, changes: object = {}): Promise<Call> {
  const header = headerFor(key, changes as Record<string, unknown>) as JWSHeaderParameters;
  const pem = key.signing.export({ type: 'pkcs8', format: 'pem' });
  const understood = Object.fromEntries((header.crit as string[]).map(name => [name, true]));
  const made = await new FlattenedSign(unsigned.body)
    .setProtectedHeader(header)
    .sign(createPrivateKey(pem), { crit: understood });
  return withField(unsigned, `${made.protected}..${made.signature}`);
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
});

describe('a signature of ECDSA', () => {
  it('whose s was turned round is the same one', () => {
    const bench = registered(ES256);
    const field = fieldOf(ES256, headerFor(ES256), BODY);
    const [head, , text] = field.split('.') as [string, string, string];
    const bytes = Buffer.from(text, 'base64url');
    const s = BigInt(`0x${bytes.toString('hex', 32)}`);
    const turned = Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex');
    const other = Buffer.concat([bytes.subarray(0, 32), turned]).toString('base64url');
    expect(bench.verdict(withField(POST, `${head}..${other}`))).toBe('accepted');
    expect(bench.verdict(withField(POST, field))).toBe('signature-replayed');
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
