import { describe, expect, it } from 'vitest';
import type { SignatureAlgorithm } from '../../../../src/core/snapshot.ts';
import { ComponentList } from '../../../../src/data-plane/verify/rfc9421/component-list.ts';
import { readContentDigest } from '../../../../src/data-plane/verify/rfc9421/content-digest.ts';
import {
  buildSignatureBase,
  SignedRequest,
} from '../../../../src/data-plane/verify/rfc9421/signature-base.ts';
import { SignatureInputReader } from '../../../../src/data-plane/verify/rfc9421/signature-input.ts';
import { readSignature } from '../../../../src/data-plane/verify/rfc9421/signature-value.ts';
import { isProblem } from '../../../../src/data-plane/verify/scheme.ts';
import rfc from '../../../vectors/rfc9421.json' with { type: 'json' };
import { runCheck } from '../inline-runner.ts';
import { keyEntry } from '../signed-call.ts';

const KEYS: Record<string, { alg: string; publicKeySpki?: string; secret?: string }> = rfc.keys;
const url = new URL(rfc.request.targetUri);
const headers = rfc.request.headers.flatMap(([name, value]) => [name!.toLowerCase(), value!]);
const body = Buffer.from(rfc.request.body);
const request = new SignedRequest('POST', 'http', 'example.com', url.pathname, url.search, headers);

function entryOf(keyid: string) {
  const { alg, publicKeySpki, secret } = KEYS[keyid]!;
  const material = Buffer.from((publicKeySpki ?? secret)!, 'base64');
  const algorithm = alg as SignatureAlgorithm;
  return keyEntry(keyid, { algorithm, material, signing: undefined as never });
}

function checkOf(vector: (typeof rfc.vectors)[number]) {
  const [input] = new SignatureInputReader(64).read(vector.signatureInput)!;
  const { list, parameters, label } = input!;
  if (!(list instanceof ComponentList)) return list;
  const signature = readSignature(['signature', vector.signature], label);
  if (isProblem(signature)) return signature;
  const base = buildSignatureBase(request, list, list.text + parameters.text);
  if (typeof base !== 'string') return base;
  const entry = entryOf(parameters.keyid!);
  const pooled = { abandoned: false, prefersInline: false, waitMs: 0, serviceMs: 0, settle() {} };
  return { entry, base, bodyForm: 'none' as const, signature, digests: [], body, ...pooled };
}

describe('the vectors of RFC 9421 appendix B.2', () => {
  const requests = rfc.vectors.filter(vector => vector.message === 'request');

  it.each(requests)('$name: the published base, byte for byte, and it verifies', vector => {
    const check = checkOf(vector);
    if (isProblem(check)) throw new Error(check.detail);
    expect(check.base).toBe(vector.signatureBase);
    expect(runCheck(check)).toBe('valid');
    const tampered = { ...check, base: check.base.replace('created=1', 'created=2') };
    expect(runCheck(tampered)).toBe('signature-invalid');
  });

  it('covers five requests under three kinds of keys', () => {
    expect(requests).toHaveLength(5);
    expect(new Set(requests.map(vector => vector.keyid)).size).toBe(3);
  });

  it('refuses the response vector: a request has no @status', () => {
    const vector = rfc.vectors.find(({ message }) => message === 'response')!;
    expect(checkOf(vector)).toMatchObject({ name: 'signature-malformed' });
  });

  it('finds the published Content-Digest to be that of the published body', () => {
    const digests = readContentDigest(headers[headers.indexOf('content-digest') + 1]!);
    if (isProblem(digests)) throw new Error(digests.detail);
    const vector = requests.find(({ name }) => name.startsWith('B.2.3'))!;
    const check = checkOf(vector);
    if (isProblem(check)) throw new Error(check.detail);
    expect(digests.map(({ algorithm }) => algorithm)).toEqual(['sha-512']);
    expect(runCheck({ ...check, digests })).toBe('valid');
    expect(runCheck({ ...check, digests, body: body.subarray(1) })).toBe('digest-mismatch');
  });
});
