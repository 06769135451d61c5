import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { SignatureAlgorithm } from '../../../../src/core/snapshot.ts';
import { readDetachedJws } from '../../../../src/data-plane/verify/jws/detached-jws.ts';
import { isProblem } from '../../../../src/data-plane/verify/scheme.ts';
import rfc from '../../../vectors/jws.json' with { type: 'json' };
import { runCheck } from '../inline-runner.ts';
import { keyEntry, type TestKey, VerifyBench } from '../signed-call.ts';
import { ES256, withField } from './jws-call.ts';
import { POST } from './wrong-call.ts';

type Vector = (typeof rfc.vectors)[number];
const JWKS: Record<string, JsonWebKey & { k?: string }> = rfc.keys;
const POOLED = { abandoned: false, prefersInline: false, waitMs: 0, serviceMs: 0, settle() {} };

function keyOf({ key, algorithm }: Vector): TestKey {
  const jwk = JWKS[key]!;
  const material =
    jwk.k === undefined
      ? createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' })
      : Buffer.from(jwk.k, 'base64url');
  return { algorithm: algorithm as SignatureAlgorithm, material, signing: undefined as never };
}

/** What the gateway would have checked, had the header the members that it asks for. */
function checkOf(vector: Vector) {
  const jws = readDetachedJws(['x-jws-signature', vector.detached]);
  if (isProblem(jws)) throw new Error(jws.detail);
  const body = Buffer.from(vector.payload, 'base64url');
  const bodyForm = jws.header.b64 === false ? ('raw' as const) : ('base64url' as const);
  const { signature } = jws;
  const entry = keyEntry('key-1', keyOf(vector));
  return {
    entry,
    base: `${jws.protectedText}.`,
    bodyForm,
    signature,
    digests: [],
    body,
    ...POOLED,
  };
}

describe.each(rfc.vectors)('$name', vector => {
  it('verifies over its payload and over no other', () => {
    const check = checkOf(vector);
    expect(runCheck(check)).toBe('valid');
    expect(runCheck({ ...check, body: check.body.subarray(1) })).toBe('signature-invalid');
    const other = check.bodyForm === 'raw' ? 'base64url' : 'raw';
    expect(runCheck({ ...check, bodyForm: other })).toBe('signature-invalid');
  });

  it('names no key and no time, and is refused', () => {
    const bench = new VerifyBench();
    bench.register('key-1', keyOf(vector), { key: { schemes: ['jws'] } });
    const body = Buffer.from(vector.payload, 'base64url');
    expect(bench.verdict(withField({ ...POST, body }, vector.detached))).toBe('signature-coverage');
  });
});

it(`${rfc.negative.name} must be rejected: its crit names what nobody understands`, () => {
  const bench = new VerifyBench();
  bench.register('key-1', ES256, { key: { schemes: ['jws'] } });
  const body = Buffer.from(rfc.negative.payload, 'base64url');
  for (const signature of ['', 'AA']) {
    const sent = withField({ ...POST, body }, `${rfc.negative.protected}..${signature}`);
    expect(bench.verdict(sent)).toBe('signature-malformed');
  }
});
