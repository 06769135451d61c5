import { createPublicKey } from 'node:crypto';
import { compactVerify, flattenedVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createCallSigner } from '../../../src/client/call-signer.ts';
import type { SignableRequest } from '../../../src/client/signature-base.ts';
import type { SignatureAlgorithm } from '../../../src/core/snapshot.ts';
import {
  type Call,
  call,
  KEYS,
  NOW,
  NOW_MS,
  type TestKey,
  VerifyBench,
} from '../../data-plane/verify/signed-call.ts';

const SIGNING = [
  { key: KEYS['rsa-v1_5-sha256'], alg: 'RS256' },
  { key: KEYS['rsa-pss-sha256'], alg: 'PS256' },
  { key: KEYS['ecdsa-p256-sha256'], alg: 'ES256' },
];
const IAT = 'http://openbanking.org.uk/iat';
const CRITICAL = { crit: { [IAT]: true, htm: true, htu: true } };
const GET: SignableRequest = {
  method: 'GET',
  targetUri: 'https://api.bank.example/accounts/v1/accounts?limit=10',
};
const POST: SignableRequest = {
  method: 'POST',
  targetUri: 'https://api.bank.example/transfers/v1/transfers',
  body: Buffer.from('{"收款人":"星云"}'),
  contentType: ' application/json; charset=utf-8 ',
};

const clock = { wallMs: () => NOW_MS, monotonicMs: () => 0 };

function fieldOf(request: SignableRequest, { algorithm, signing }: TestKey, keyId = 'key-1') {
  const identity = { keyId, algorithm, privateKey: signing, scheme: 'jws' } as const;
  const fields = createCallSigner(identity, clock).sign(request);
  expect(Object.keys(fields)).toEqual(['x-jws-signature']);
  return fields['x-jws-signature']!;
}

/** Its header and its signature, each as it was sent. */
function partsOf(field: string): readonly [string, string] {
  const [head, payload, signature, ...more] = field.split('.');
  expect([payload, more]).toEqual(['', []]);
  return [head!, signature!];
}

function headerOf(field: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(partsOf(field)[0], 'base64url').toString());
}

function bench(key: TestKey): VerifyBench {
  const made = new VerifyBench();
  made.register('key-1', key, { key: { schemes: ['jws'] } });
  return made;
}

function sent({ method, targetUri, body }: SignableRequest, field: string): Call {
  const { pathname: path, search: query } = new URL(targetUri);
  const headers = ['x-jws-signature', field];
  return call({ method, path, query, headers, body: Buffer.from(body ?? []) });
}

describe.each(SIGNING)('a call signed by JWS with $alg', ({ key, alg }) => {
  it.each([GET, POST])('is accepted: $method', request => {
    const gateway = bench(key);
    const field = fieldOf(request, key);
    const moved = { ...request, method: 'PUT' };
    expect(gateway.verdict(sent(moved, field))).toBe('signature-coverage');
    expect(gateway.verdict(sent(request, field))).toBe('accepted');
    expect(gateway.verdict(sent(request, field))).toBe('signature-replayed');
    expect(gateway.verdict(sent(request, fieldOf(request, key)))).toBe('accepted');
  });

  it.each([GET, POST])('is accepted by jose: $method', async request => {
    const [head, signature] = partsOf(fieldOf(request, key));
    const spki = { key: Buffer.from(key.material), format: 'der', type: 'spki' } as const;
    const verifier = createPublicKey(spki);
    const payload = Buffer.from(request.body ?? []).toString('base64url');
    const jws = { protected: head, payload, signature };
    const verified = await flattenedVerify(jws, verifier, { ...CRITICAL, algorithms: [alg] });
    expect(Buffer.from(verified.payload)).toEqual(Buffer.from(request.body ?? []));
    // Whoever does not know htm and htu takes no such call (RFC 7515 section 4.1.11).
    await expect(flattenedVerify(jws, verifier)).rejects.toThrow();
    const other = `${head}.${Buffer.from('{}').toString('base64url')}.${signature}`;
    await expect(compactVerify(other, verifier, CRITICAL)).rejects.toThrow();
  });

  it('says whose it is, when and of which call', () => {
    const { jti, ...header } = headerOf(fieldOf(POST, key));
    expect(jti).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(header).toEqual({
      ...{ alg, kid: 'key-1', typ: 'JOSE', cty: 'application/json; charset=utf-8' },
      ...{ [IAT]: NOW, htm: 'POST', htu: POST.targetUri, crit: [IAT, 'htm', 'htu'] },
    });
  });

  it('differs from the same call signed again', () => {
    const [one, other] = [fieldOf(GET, key), fieldOf(GET, key)];
    expect(headerOf(one).jti).not.toBe(headerOf(other).jti);
    expect(partsOf(one)[1]).not.toBe(partsOf(other)[1]);
  });
});

describe('the header of a JWS', () => {
  const [{ key }] = SIGNING as [(typeof SIGNING)[number]];

  it('names a type where a body goes with the call', () => {
    for (const body of [undefined, new Uint8Array()]) {
      expect(headerOf(fieldOf({ ...POST, body }, key))).not.toHaveProperty('cty');
    }
    const untyped = { ...POST, contentType: undefined };
    expect(headerOf(fieldOf(untyped, key))).not.toHaveProperty('cty');
  });

  it('may be of another time, with a given nonce', () => {
    const header = headerOf(fieldOf({ ...GET, created: 784_111_777, nonce: 'nonce-0001' }, key));
    expect(header).toMatchObject({ [IAT]: 784_111_777, jti: 'nonce-0001' });
  });

  it('takes any text for the id of a key', () => {
    const field = fieldOf(GET, key, 'CN="\\\n星云');
    expect(headerOf(field).kid).toBe('CN="\\\n星云');
  });

  it('is never longer than what the gateway reads', () => {
    const of = (chars: number) => ({ ...GET, targetUri: `${GET.targetUri}${'0'.repeat(chars)}` });
    let chars = 1_000;
    while (partsOf(fieldOf(of(chars), key))[0].length < 2_046) chars += 1;
    const longest = of(chars);
    expect(bench(key).verdict(sent(longest, fieldOf(longest, key)))).toBe('accepted');
    expect(() => fieldOf(of(chars + 3), key)).toThrow(TypeError);
  });
});

describe('what cannot be signed by JWS', () => {
  const others = Object.keys(KEYS).filter(name =>
    SIGNING.every(({ key }) => key.algorithm !== name),
  );

  it.each(others as SignatureAlgorithm[])('is a call with %s', algorithm => {
    expect(() => fieldOf(GET, KEYS[algorithm])).toThrow(TypeError);
  });
});
