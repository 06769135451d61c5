import { verify as checkSignature, createHmac, createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  BENCH_ALGORITHMS,
  benchKey,
  benchKeyId,
  KEY_NAMES,
} from '../../../bench/rig/bench-folder.ts';
import { SignedRequests } from '../../../bench/rig/presigned/request-source.ts';
import {
  bodyOf,
  type PresignedKey,
  type RequestShape,
  SIGNATURE_BYTES,
  SignedRequest,
  type SignedShape,
} from '../../../bench/rig/presigned/signed-request.ts';
import { openSignedSet, readSignatures } from '../../../bench/rig/presigned/signed-set.ts';
import { createRequestSigner } from '../../../src/client/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'xingyun-presigned-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SHAPE: RequestShape = {
  key: 'rsa',
  method: 'POST',
  path: '/bench/v1/orders',
  bodyBytes: 600,
  apps: 3,
};
const OPTIONS = { validForMs: 60_000, folder };

interface WireRequest {
  readonly head: string;
  readonly body: string;
  readonly fields: ReadonlyMap<string, string>;
}

function readRequest(text: string): WireRequest {
  const [head, body] = text.split('\r\n\r\n') as [string, string];
  const lines = head.split('\r\n').slice(1);
  const fields = lines.map(line => line.split(/: (.*)/s, 2) as [string, string]);
  return { head, body, fields: new Map(fields) };
}

/** What the partner client signs for the request of that number. */
function clientSigns(shape: SignedShape, number: number) {
  const { privateText, algorithm, name } = benchKey(shape.key);
  const keyId = benchKeyId(name, number % shape.apps);
  const signer = createRequestSigner({ keyId, privateKey: privateText, algorithm });
  return signer.sign({
    method: shape.method,
    targetUri: `http://bench.xingyun.example${shape.path}`,
    created: shape.created,
    nonce: `${shape.noncePrefix}${String(number).padStart(10, '0')}`,
    ...(shape.bodyBytes === 0
      ? {}
      : { body: Buffer.from(bodyOf(shape.bodyBytes)), contentType: 'application/json' }),
  });
}

function isValid(shape: SignedShape, number: number, signature: Buffer): boolean {
  const base = Buffer.from(new SignedRequest(shape).signatureBase(number));
  const { verifyingText } = benchKey(shape.key);
  if (shape.key === 'hmac') {
    const secret = Buffer.from(verifyingText, 'base64');
    return createHmac('sha256', secret).update(base).digest().equals(signature);
  }
  const key = createPublicKey(verifyingText);
  return checkSignature('sha256', base, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

const PRESIGNED = Object.keys(SIGNATURE_BYTES) as PresignedKey[];

describe('requests signed ahead', () => {
  it.each(PRESIGNED)('%s: are byte for byte what the client signs', async key => {
    for (const more of [{}, { method: 'GET', path: '/bench/v1/orders/o-1?a=b', bodyBytes: 0 }]) {
      const set = await openSignedSet({ ...SHAPE, key, ...more }, 5, OPTIONS);
      const requests = SignedRequests.of(set, 0, 5);
      for (let number = 0; number < 5; number++) {
        const { fields } = readRequest(requests.next());
        const expected = clientSigns(set.shape, number);
        expect(fields.get('signature-input')).toBe(expected['signature-input']);
        expect(fields.get('content-digest')).toBe(expected['content-digest']);
        const signature = Buffer.from(fields.get('signature')!.slice(5, -1), 'base64');
        expect(isValid(set.shape, number, signature)).toBe(true);
        // ECDSA draws a random number for each signature, the other two do not.
        if (key !== 'es256') expect(fields.get('signature')).toBe(expected.signature);
      }
    }
  });

  it('have one length, the body that their head announces, and a nonce each', async () => {
    const set = await openSignedSet(SHAPE, 20, OPTIONS);
    const requests = SignedRequests.of(set, 0, 20);
    const texts = Array.from({ length: 20 }, () => requests.next());
    expect(new Set(texts.map(text => text.length)).size).toBe(1);
    const nonces = texts.map(text => /nonce="([^"]+)"/.exec(text)![1]);
    expect(new Set(nonces).size).toBe(20);
    const { fields, body } = readRequest(texts[0]!);
    expect(fields.get('content-length')).toBe(String(body.length));
    expect(JSON.parse(body)).toHaveProperty('note');
    expect(() => requests.next()).toThrow('all 20 signed requests are sent');
  });

  it('are kept for later runs, longer where more are wanted, for their owner only', async () => {
    const shape = { ...SHAPE, key: 'hmac', path: '/bench/v1/kept' } as const;
    const first = await openSignedSet(shape, 10, OPTIONS);
    const before = readSignatures(first, 0, 10);
    const again = await openSignedSet(shape, 30, OPTIONS);
    expect(again).toEqual(first);
    expect(readSignatures(again, 0, 10)).toEqual(before);
    expect(statSync(again.file).size).toBe(30 * SIGNATURE_BYTES.hmac);
    expect(statSync(again.file).mode & 0o777).toBe(0o600);
    expect(isValid(again.shape, 29, readSignatures(again, 29, 1))).toBe(true);
  });

  it('are made anew where they would not outlast the run or are past their window', async () => {
    const shape = { ...SHAPE, key: 'hmac', path: '/bench/v1/anew' } as const;
    const first = await openSignedSet(shape, 1, OPTIONS);
    const longRun = await openSignedSet(shape, 1, { ...OPTIONS, validForMs: 3_700_000 });
    expect(longRun.file).not.toBe(first.file);
    const longAgo = Date.now() / 1_000 - 4_000;
    utimesSync(first.file, longAgo, longAgo);
    await openSignedSet(shape, 1, OPTIONS);
    expect(statSync(first.file, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('are signed no further when they are called off', async () => {
    const call = new AbortController();
    const shape = { ...SHAPE, bodyBytes: 77 };
    const many = openSignedSet(shape, 1_000_000, { ...OPTIONS, signal: call.signal });
    call.abort(new Error('called off'));
    await expect(many).rejects.toThrow('called off');
    const unstarted = openSignedSet(shape, 1, { ...OPTIONS, signal: call.signal });
    await expect(unstarted).rejects.toThrow('called off');
    const { file } = await openSignedSet(shape, 1, OPTIONS);
    expect(statSync(file).size).toBe(SIGNATURE_BYTES.rsa);
  });

  it('have bodies of any size', () => {
    for (const bytes of [1, 10, 11, 12, 600]) {
      expect(bodyOf(bytes)).toHaveLength(bytes);
      expect(() => JSON.parse(bodyOf(bytes))).not.toThrow();
    }
  });

  it('use each algorithm that the gateway of a benchmark knows', () => {
    expect(KEY_NAMES.map(name => benchKey(name).algorithm)).toEqual(
      Object.values(BENCH_ALGORITHMS),
    );
  });
});
