import { cavage, createVerifier } from 'http-message-signatures';
import { describe, expect, it } from 'vitest';
import { createCallSigner } from '../../../src/client/call-signer.ts';
import type { SignableRequest } from '../../../src/client/signature-base.ts';
import type { SignatureAlgorithm } from '../../../src/core/snapshot.ts';
import {
  type Call,
  call,
  KEYS,
  NOW_MS,
  type TestKey,
  VerifyBench,
} from '../../data-plane/verify/signed-call.ts';

const SIGNING = [KEYS['rsa-v1_5-sha256'], KEYS['hmac-sha256'], KEYS.ed25519];
const GET: SignableRequest = {
  method: 'GET',
  targetUri: 'https://api.bank.example/accounts/v1/accounts?limit=10',
};
const POST: SignableRequest = {
  method: 'POST',
  targetUri: 'https://api.bank.example/transfers/v1/transfers',
  body: Buffer.from('{"收款人":"星云"}'),
  contentType: ' application/json; charset=utf-8 ',
  idempotencyKey: 'transfer-1',
};

const clock = { wallMs: () => NOW_MS, monotonicMs: () => 0 };

function fieldsOf(request: SignableRequest, { algorithm, signing }: TestKey, keyId = 'key-1') {
  const identity = { keyId, algorithm, privateKey: signing, scheme: 'cavage' } as const;
  return createCallSigner(identity, clock).sign(request);
}

/** With everything that the request itself has. */
function headersOf(request: SignableRequest, key: TestKey): Record<string, string> {
  const { contentType, idempotencyKey } = request;
  return {
    ...(contentType !== undefined && { 'content-type': contentType.trim() }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...fieldsOf(request, key),
  };
}

function sent({ method, targetUri, body }: SignableRequest, headers: object): Call {
  const { pathname: path, search: query } = new URL(targetUri);
  const flat = Object.entries(headers).flat();
  return call({ method, path, query, headers: flat, body: Buffer.from(body ?? []) });
}

function verifyForeign(key: TestKey, request: SignableRequest, headers: Record<string, string>) {
  const verifier = key.algorithm === 'hmac-sha256' ? key.signing : publicPem(key);
  return cavage.verifyMessage(
    {
      keyLookup: async () => ({
        id: 'key-1',
        // The package's own type leaves key objects out; node:crypto underneath takes them.
        verify: createVerifier(verifier as unknown as Buffer, key.algorithm),
      }),
    },
    {
      method: request.method,
      url: request.targetUri,
      headers: { host: 'api.bank.example', ...headers },
    },
  );
}

function publicPem({ material }: TestKey): string {
  const base64 = Buffer.from(material).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----`;
}

describe.each(SIGNING)('a call signed by draft-cavage with $algorithm', key => {
  it.each([GET, POST])('is accepted: $method', request => {
    const bench = new VerifyBench();
    bench.register('key-1', key, { key: { schemes: ['cavage'] } });
    const headers = headersOf(request, key);
    expect(bench.verdict(sent({ ...request, method: 'PUT' }, headers))).toBe('signature-invalid');
    expect(bench.verdict(sent(request, headers))).toBe('accepted');
    expect(bench.verdict(sent(request, headersOf(request, key)))).toBe('accepted');
  });

  it.each([GET, POST])('is accepted by a foreign verifier: $method', async request => {
    const headers = headersOf(request, key);
    expect(await verifyForeign(key, request, headers)).toBe(true);
    for (const name of Object.keys(headers)) {
      if (name === 'signature') continue;
      const changed = { ...headers, [name]: `${headers[name]}x` };
      expect(await verifyForeign(key, request, changed), name).not.toBe(true);
    }
  });

  it('covers target, host, Date and a fresh x-request-id, and the body with its type', () => {
    const listOf = (request: SignableRequest) =>
      /headers="([^"]*)"/.exec(fieldsOf(request, key).signature!)![1];
    const always = '(request-target) host date x-request-id';
    expect(listOf(GET)).toBe(always);
    expect(listOf(POST)).toBe(`${always} digest content-type idempotency-key`);
    expect(listOf({ ...GET, body: new Uint8Array(), contentType: 'text/plain' })).toBe(always);
  });

  it('differs from the same call signed again', () => {
    const [one, other] = [fieldsOf(GET, key), fieldsOf(GET, key)];
    expect(one['x-request-id']).not.toBe(other['x-request-id']);
    expect(one.signature).not.toBe(other.signature);
  });

  it('may be made at another time, with a given x-request-id', () => {
    const fields = fieldsOf({ ...GET, created: 784_111_777, nonce: 'request-0001' }, key);
    expect(fields).toMatchObject({
      date: 'Sun, 06 Nov 1994 08:49:37 GMT',
      'x-request-id': 'request-0001',
    });
  });
});

describe('what cannot be signed by draft-cavage', () => {
  const others = Object.keys(KEYS).filter(name => !SIGNING.some(key => key.algorithm === name));

  it.each(others as SignatureAlgorithm[])('is a call with %s', algorithm => {
    expect(() => fieldsOf(GET, KEYS[algorithm])).toThrow(TypeError);
  });

  it.each(['a"b', 'a\\b', '', 'é', 'a\nb'])('is a key id like %j', keyId => {
    expect(() => fieldsOf(GET, KEYS.ed25519, keyId)).toThrow(TypeError);
  });

  it('is a line break in what is covered', () => {
    const request = { ...GET, idempotencyKey: 'a\nhost: evil.example' };
    expect(() => fieldsOf(request, KEYS.ed25519)).toThrow(TypeError);
  });
});
