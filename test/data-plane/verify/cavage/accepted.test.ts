import { describe, expect, it } from 'vitest';
import { carriedFields } from '../../../../src/data-plane/verify/carried-fields.ts';
import { CavageScheme } from '../../../../src/data-plane/verify/cavage/index.ts';
import { InlineRunner } from '../inline-runner.ts';
import { call, KEYS, NOW, NOW_MS, signCall, type TestKey, VerifyBench } from '../signed-call.ts';
import {
  CAVAGE_KEYS,
  dateOf,
  digestOf,
  ED25519,
  fieldOf,
  HMAC,
  parametersOf,
  RSA,
  type Signing,
  signCavage,
  withAuthorization,
  withFields,
  withSignature,
} from './cavage-call.ts';

const BODY = Buffer.from('{"creditorName":"Jörg","amount":"12.50"}');
const POST = call({ method: 'POST', path: '/transfers/v1/transfers', body: BODY });
const GET = call({ query: '?limit=10&from=2026-01-01' });
const BERLIN = 'SN=9FA1,CA=CN=D-TRUST CA 2-1 2015, O=D-Trust GmbH, C=DE';

function registered(key: TestKey, checks = new InlineRunner()): VerifyBench {
  const bench = new VerifyBench({ checks });
  bench.register('key-1', key, { key: { schemes: ['cavage'] } });
  bench.register(BERLIN, key, { key: { schemes: ['cavage'] } });
  return bench;
}

describe.each(CAVAGE_KEYS)('a call by draft-cavage with $algorithm', key => {
  it('says who calls and by which scheme', () => {
    const bench = registered(key);
    const exchange = bench.exchange(signCavage(POST, key));
    expect(bench.step(exchange)).toBeUndefined();
    expect(exchange.identity).toMatchObject({
      scheme: 'cavage',
      viaSession: false,
      entry: { key: { id: 'key-1' } },
    });
  });

  it.each([POST, GET])('is accepted in either field, with any name of its algorithm', unsigned => {
    const bench = registered(key);
    for (const algorithm of [undefined, null, 'hs2019'] as const) {
      const signing = algorithm === undefined ? {} : { algorithm };
      expect(bench.verdict(signCavage(unsigned, key, signing))).toBe('accepted');
      const prepared = withFields(unsigned);
      const text = fieldOf(parametersOf(prepared, key, signing));
      for (const name of ['Signature', 'signature', 'SIGNATURE']) {
        const again = withFields(unsigned);
        const value = `${name} ${fieldOf(parametersOf(again, key, signing))}`;
        expect(bench.verdict(withAuthorization(again, value))).toBe('accepted');
      }
      expect(bench.verdict(withSignature(prepared, text))).toBe('accepted');
    }
  });

  it('is accepted once, whichever field carries it', () => {
    const bench = registered(key);
    const prepared = withFields(POST);
    const parameters = parametersOf(prepared, key);
    const text = fieldOf(parameters);
    expect(bench.verdict(withSignature(prepared, text))).toBe('accepted');
    expect(bench.verdict(withAuthorization(prepared, `Signature ${text}`))).toBe(
      'signature-replayed',
    );
    const signature = Buffer.from(parameters.signature!, 'base64');
    expect(bench.nonces.claims[0]).toMatchObject({
      nonce: signature.subarray(0, 32).toString('base64url'),
      expiresAtMs: (NOW + 60) * 1_000 + 1,
    });
  });

  it('has its parameters in any order, with spaces, and others beside them', () => {
    const bench = registered(key);
    const prepared = withFields(POST);
    const pairs = Object.entries(parametersOf(prepared, key)).reverse();
    const text = pairs.map(([name, value]) => `${name.toUpperCase()} = ${value}`).join('\t, ');
    const others = `realm="a \\"b\\", c",opaque=1,${text},ext="",opaque=2`;
    expect(bench.verdict(withSignature(prepared, others))).toBe('accepted');
  });
});

describe('what is covered', () => {
  const accepts = (unsigned: typeof POST, signing: Signing, key = RSA) =>
    expect(registered(key).verdict(signCavage(unsigned, key, signing))).toBe('accepted');

  it('is enough without the target where there is a body, as Berlin Group has it', () => {
    accepts(POST, { headers: 'digest x-request-id date', keyId: BERLIN });
    accepts(POST, { headers: 'date digest' });
  });

  it('leaves the target open then', () => {
    const signed = signCavage(POST, RSA, { headers: 'digest x-request-id date' });
    expect(registered(RSA).verdict({ ...signed, method: 'PUT', path: '/x' })).toBe('accepted');
  });

  it('is the target where there is no body', () => {
    accepts(GET, { headers: '(request-target) date' });
    accepts(GET, { headers: 'date host (request-target)' });
  });

  it('may be up to 32 headers, of several lines, and empty', () => {
    const names = Array.from({ length: 27 }, (_, index) => `x-${index}`);
    const headers = [...names.flatMap(name => [name, name]), 'x-list', 'a', 'x-list', 'b'];
    const covered = `(request-target) date digest ${names.join(' ')} x-list x-empty`;
    accepts({ ...POST, headers: [...headers, 'x-empty', ''] }, { headers: covered });
  });

  it('may be when it was made as (created) and (expires), with hs2019 or without a name', () => {
    for (const key of CAVAGE_KEYS) {
      for (const algorithm of ['hs2019', null]) {
        const times = { created: String(NOW), expires: String(NOW + 30), algorithm };
        accepts(POST, { ...times, headers: 'digest (created) (expires)' }, key);
        accepts(GET, { ...times, headers: '(request-target) (created)' }, key);
      }
    }
    const named = { created: String(NOW), algorithm: 'ed25519' };
    accepts(GET, { ...named, headers: '(request-target) (created)' }, ED25519);
  });

  it('may be a digest of no body, which is checked', () => {
    const empty = Buffer.alloc(0);
    const checks = new InlineRunner();
    const headers = ['digest', digestOf(empty)];
    const signing = { headers: '(request-target) date digest' };
    const signed = signCavage({ ...GET, headers }, HMAC, signing);
    expect(registered(HMAC, checks).verdict(signed)).toBe('accepted');
    expect(checks.seen[0]!.digests).toHaveLength(1);
  });

  it.each([
    digestOf(BODY, 'SHA-512'),
    digestOf(BODY).replace('SHA', 'sha'),
    `${digestOf(BODY)},${digestOf(BODY, 'SHA-512')}`,
    `MD5=HUXZLQLMuI/KZ5KDcJPcOA==, ${digestOf(BODY)} ,UNIXsum=30637`,
  ])('may be the digest %s', digest => {
    accepts({ ...POST, headers: ['digest', digest] }, {});
  });
});

describe('the time', () => {
  const verdict = (date: number, signing: Signing = {}) =>
    registered(HMAC).verdict(
      signCavage({ ...GET, headers: ['date', dateOf(date * 1_000)] }, HMAC, signing),
    );

  it('is that of Date, from 60 seconds ago to 5 ahead', () => {
    expect([-61, -60, 5, 6].map(seconds => verdict(NOW + seconds))).toEqual([
      'signature-expired',
      'accepted',
      'accepted',
      'signature-expired',
    ]);
  });

  it('is that of (created) where it is covered, whatever Date says', () => {
    const signing = { created: String(NOW), algorithm: null };
    expect(verdict(1, { ...signing, headers: '(request-target) (created) date' })).toBe('accepted');
    expect(verdict(1, { ...signing, headers: '(request-target) date' })).toBe('signature-expired');
  });

  it('ends where expires says so, covered or not, with the skew of the clock', () => {
    const made = (expires: number, headers: string) => {
      const times = { created: String(NOW - 20), expires: String(expires), algorithm: null };
      return verdict(NOW - 20, { ...times, headers });
    };
    for (const headers of ['(request-target) (created) (expires)', '(request-target) date']) {
      expect(made(NOW - 5, headers)).toBe('accepted');
      expect(made(NOW - 6, headers)).toBe('signature-expired');
    }
  });

  it('is not before the nonces that are known', () => {
    const bench = registered(RSA);
    bench.nonces.acceptCreatedAfterMs = NOW_MS;
    expect(bench.verdict(signCavage(GET, RSA))).toBe('signature-expired');
  });
});

describe('beside other credentials', () => {
  it('a Signature leaves any other Authorization to the upstream', () => {
    const signed = withAuthorization(signCavage(GET, RSA), 'Bearer abc');
    expect(registered(RSA).verdict(signed)).toBe('accepted');
  });

  it('it is decided by RFC 9421 alone where there is a Signature-Input', () => {
    const bench = registered(RSA);
    bench.register('other', KEYS['rsa-pss-sha512']);
    const value = 'Signature keyId="key-1",signature="AAAA"';
    const signing = { keyId: 'other', key: KEYS['rsa-pss-sha512'] };
    expect(bench.verdict(signCall(withAuthorization(GET, value), signing))).toBe('accepted');
    const beside = { ...signCavage(GET, RSA) };
    beside.headers = [...beside.headers, 'signature-input', ''];
    expect(bench.verdict(beside)).toBe('signature-malformed');
  });

  it('is recognised without a Signature-Input beside it, whoever is asked first', () => {
    const scheme = new CavageScheme({ createdMaxAgeMs: 60_000, clockSkewMs: 5_000 });
    const recognised = (...headers: string[]) => scheme.recognises(carriedFields(headers));
    expect(recognised('signature', '')).toBe(true);
    expect(recognised('authorization', 'signature keyId="a"')).toBe(true);
    expect(recognised('signature', 'keyId="a"', 'signature-input', '')).toBe(false);
    expect(recognised('authorization', 'Bearer a', 'x-signature', '')).toBe(false);
  });

  it('names that only begin like the scheme are not it', () => {
    for (const value of ['Signature2 keyId="key-1"', 'Signature-Key keyId="key-1"', 'Bearer x']) {
      expect(registered(RSA).verdict(withAuthorization(GET, value))).toBe('anonymous');
    }
  });
});

it('tells who forgot Signature-Input and who forgot keyId what is wanted', () => {
  const bench = registered(RSA);
  const signed = signCall(GET, { key: RSA });
  const at = signed.headers.indexOf('signature-input');
  const alone = { ...signed, headers: signed.headers.toSpliced(at, 2) };
  const refusal = bench.step(bench.exchange(alone));
  expect(refusal).toMatchObject({
    name: 'signature-malformed',
    detail: expect.stringMatching(/Signature-Input.*keyId/),
  });
});
