import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createVerifier, httpbis } from 'http-message-signatures';
import { describe, expect, it } from 'vitest';
import {
  createRequestSigner,
  type RequestSigner,
  type SignableRequest,
  type SignatureHeaders,
  signRequest,
} from '../../src/client/index.ts';
import type { SignatureAlgorithm } from '../../src/core/snapshot.ts';
import { TEST_KEYS, type TestKey } from './signing-keys.ts';

const GET: SignableRequest = {
  method: 'GET',
  targetUri: 'http://bank.test/accounts/v1/accounts?a=1',
};
const POST: SignableRequest = {
  method: 'POST',
  targetUri: 'https://bank.test/transfers/v1/transfers',
  body: Buffer.from('{"reference":"R-1","备注":"谢谢"}'),
  contentType: 'application/json',
};

function verifyForeign(key: TestKey, request: SignableRequest, headers: SignatureHeaders) {
  const covered = ['@method', '@target-uri'];
  if (request.body !== undefined) covered.push('content-digest', 'content-type');
  return httpbis.verifyMessage(
    {
      keyLookup: async parameters => ({
        id: String(parameters.keyid),
        algs: [key.algorithm],
        verify: createVerifier(key.verifier, key.algorithm),
      }),
      requiredFields: covered,
      requiredParams: ['created', 'nonce', 'keyid', 'alg'],
      maxAge: 60,
      tolerance: 1,
    },
    {
      method: request.method,
      url: request.targetUri,
      headers: {
        ...headers,
        ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
      },
    },
  );
}

function signerFor(key: TestKey, keyId = 'key-1'): RequestSigner {
  return createRequestSigner({
    keyId,
    privateKey: key.privateKey,
    algorithm: key.algorithm,
  });
}

describe.each(TEST_KEYS)('signing with $algorithm', key => {
  it('gives signatures that a foreign verifier accepts', async () => {
    const signer = signerFor(key);
    for (const request of [GET, POST]) {
      expect(await verifyForeign(key, request, signRequest(signer, request))).toBe(true);
    }
  });

  it('gives signatures that a foreign verifier refuses after a change', async () => {
    const headers = signRequest(signerFor(key), POST);
    const changed: SignableRequest[] = [
      { ...POST, method: 'PUT' },
      { ...POST, targetUri: `${POST.targetUri}?x` },
      { ...POST, contentType: 'text/plain' },
    ];
    for (const request of changed) {
      expect(await verifyForeign(key, request, headers)).not.toBe(true);
    }
  });
});

describe('the signature headers', () => {
  const key = TEST_KEYS.find(candidate => candidate.algorithm === 'hmac-sha256')!;

  it('cover exactly what the page promises', () => {
    const request = { ...POST, created: 1_700_000_000, nonce: 'n-1' };
    const headers = signRequest(signerFor(key), request);
    expect(headers['signature-input']).toBe(
      'sig=("@method" "@target-uri" "content-digest" "content-type")' +
        ';created=1700000000;nonce="n-1";keyid="key-1";alg="hmac-sha256"',
    );
    const sum = createHash('sha256').update(POST.body!).digest('base64');
    expect(headers['content-digest']).toBe(`sha-256=:${sum}:`);
  });

  it('leave the digest out where there is no body', () => {
    const empty = signRequest(signerFor(key), { ...POST, body: new Uint8Array(0) });
    expect(empty['content-digest']).toBeUndefined();
    expect(empty['signature-input']).toMatch(/^sig=\("@method" "@target-uri"\);/);
  });

  it('carry a nonce of 16 bytes that never repeats', () => {
    const signer = signerFor(key);
    const seen = new Set<string>();
    for (let i = 0; i < 2_000; i += 1) {
      const nonce = /;nonce="([^"]+)"/.exec(signer.sign(GET)['signature-input'])![1]!;
      expect(Buffer.from(nonce, 'base64url')).toHaveLength(16);
      seen.add(nonce);
    }
    expect(seen.size).toBe(2_000);
  });

  it('survive any printable key id and nonce', async () => {
    const printable = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' });
    await fc.assert(
      fc.asyncProperty(printable, printable, async (keyId, nonce) => {
        const request = { ...GET, nonce };
        const headers = signRequest(signerFor(key, keyId), request);
        expect(await verifyForeign(key, request, headers)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('never let a line break into the signature base', () => {
    const signer = signerFor(key);
    const attack = 'x\n"@method": DELETE';
    expect(() => signer.sign({ ...GET, targetUri: attack })).toThrow(TypeError);
    expect(() => signer.sign({ ...POST, contentType: attack })).toThrow(TypeError);
    expect(() => signer.sign({ ...GET, nonce: attack })).toThrow(TypeError);
    expect(() => signerFor(key, attack)).toThrow(TypeError);
  });
});

it('a secret may come as the text of its file', () => {
  const secret = randomBytes(32);
  const algorithm = 'hmac-sha256';
  const [bytes, text] = [secret, `${secret.toString('base64')}\n`].map(privateKey =>
    createRequestSigner({ keyId: 'k', privateKey, algorithm }),
  );
  const request = { ...GET, created: 1, nonce: 'n' };
  expect(text!.sign(request)).toEqual(bytes!.sign(request));
});

describe('a key that does not fit', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey;
  const byAlgorithm = (algorithm: SignatureAlgorithm) =>
    TEST_KEYS.find(key => key.algorithm === algorithm)!.privateKey;

  it.each([
    ['an RSA key below 2048 bits', 'rsa-v1_5-sha256', small],
    ['another curve', 'ecdsa-p256-sha256', byAlgorithm('ecdsa-p384-sha384')],
    ['another kind of key', 'ed25519', byAlgorithm('rsa-v1_5-sha256')],
    ['a private key as a secret', 'hmac-sha256', byAlgorithm('ed25519')],
    ['a short secret', 'hmac-sha256', randomBytes(16)],
    ['a secret that is not base64', 'hmac-sha256', `${'secret '.repeat(9)}!`],
    ['a PEM as a secret', 'hmac-sha256', '-----BEGIN PRIVATE KEY-----'],
    ['a secret as a private key', 'ed25519', randomBytes(32)],
  ] as const)('is refused at once: %s', (_name, algorithm, privateKey) => {
    expect(() => createRequestSigner({ keyId: 'k', privateKey, algorithm })).toThrow();
  });

  it('is refused when it is a public key', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const identity = { keyId: 'k', privateKey: publicKey, algorithm: 'ed25519' } as const;
    expect(() => createRequestSigner(identity)).toThrow(TypeError);
  });
});
