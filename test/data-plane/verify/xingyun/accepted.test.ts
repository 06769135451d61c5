import { describe, expect, it } from 'vitest';
import { call, KEYS, NOW, signCall, VerifyBench } from '../signed-call.ts';
import {
  authorization,
  parametersOf,
  RSA,
  SM2,
  signXingyun,
  withAuthorization,
} from './xingyun-call.ts';

const BODY = Buffer.from('{"收款人":"星云","amount":"12.50"}');
const POST = call({ method: 'POST', path: '/transfers/v1/transfers', body: BODY });
const GET = call({ query: '?limit=10&from=2026-01-01' });

describe.each([RSA, SM2])('a call in the header scheme with $algorithm', key => {
  function registered(): VerifyBench {
    const bench = new VerifyBench();
    bench.register('key-1', key, { key: { schemes: ['xingyun'] } });
    return bench;
  }

  it('says who calls and by which scheme', () => {
    const bench = registered();
    const exchange = bench.exchange(signXingyun(POST, key));
    expect(bench.step(exchange)).toBeUndefined();
    expect(exchange.identity).toMatchObject({
      scheme: 'xingyun',
      viaSession: false,
      entry: { key: { id: 'key-1' } },
    });
  });

  it('is accepted with and without a body, a query, quotes and spaces, in any order', () => {
    const bench = registered();
    expect(bench.verdict(signXingyun(GET, key))).toBe('accepted');
    expect(bench.verdict(signXingyun(POST, key))).toBe('accepted');
    const { scheme, ...rest } = parametersOf(POST, key);
    const quoted = Object.entries(rest).map(([name, value]) => `${name}="${value}"`);
    const text = `${scheme.toLowerCase()}  ${quoted.reverse().join(' , ')}`;
    expect(bench.verdict(withAuthorization(POST, text))).toBe('accepted');
  });

  it('is accepted once', () => {
    const bench = registered();
    const signed = signXingyun(POST, key);
    expect(bench.verdict(signed)).toBe('accepted');
    expect(bench.verdict(signed)).toBe('signature-replayed');
    expect(bench.nonces.claims[0]).toMatchObject({ expiresAtMs: (NOW + 60) * 1_000 + 1 });
  });

  it('covers each part', () => {
    const bench = registered();
    const signed = signXingyun(POST, key);
    for (const changed of [
      { method: 'PUT' },
      { path: '/transfers/v1/transfer' },
      { query: '?x=1' },
      { body: Buffer.concat([BODY, Buffer.from(' ')]) },
      { body: Buffer.alloc(0) },
    ]) {
      expect(bench.verdict({ ...signed, ...changed })).toBe('signature-invalid');
    }
    expect(bench.failures.charged).toHaveLength(5);
  });

  it('is decided by RFC 9421 alone where the call is signed so as well', () => {
    const bench = registered();
    bench.register('other', KEYS.ed25519);
    const wrong = authorization(parametersOf(GET, key, { signature: 'AAAA' }));
    const twice = signCall(withAuthorization(GET, wrong), { keyId: 'other', key: KEYS.ed25519 });
    expect(bench.verdict(twice)).toBe('accepted');
  });
});

describe('a key', () => {
  it('signs in the schemes that it is registered for, and in no other', () => {
    const bench = new VerifyBench();
    bench.register('key-1', RSA);
    expect(bench.verdict(signXingyun(GET, RSA))).toBe('signature-scheme');
    bench.register('key-1', RSA, { key: { schemes: ['xingyun'] } });
    expect(bench.verdict(signCall(GET, { key: RSA }))).toBe('signature-scheme');
  });
});

it('leaves any other Authorization to the upstream', () => {
  const bench = new VerifyBench();
  for (const value of ['Bearer abc', 'XINGYUN', 'Basic eGluZ3l1bi0=']) {
    expect(bench.verdict(withAuthorization(GET, value))).toBe('anonymous');
  }
});
