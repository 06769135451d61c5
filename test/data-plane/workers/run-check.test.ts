import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BodyDigest } from '../../../src/core/check.ts';
import { EMPTY_BODY } from '../../../src/core/exchange.ts';
import { SIGNATURE_ALGORITHMS } from '../../../src/core/snapshot.ts';
import { runCheck } from '../../../src/data-plane/workers/run-check.ts';
import { importVerifyKey } from '../../../src/data-plane/workers/verify-key.ts';
import { pssPair } from './pss-pair.ts';
import { digestOf, signerFor } from './signed-checks.ts';

const BASE = '"@method": POST\n"@authority": bank.example\n"@signature-params": ("@method")';
const BODY = Buffer.from('{"amount":"10.00"}');

describe.each(SIGNATURE_ALGORITHMS)('a check of %s', algorithm => {
  const signer = signerFor(algorithm);
  const key = importVerifyKey(algorithm, signer.material)!;
  const signature = signer.sign(BASE);
  const check = (base: string, sig: Uint8Array, digests: readonly BodyDigest[] = [], body = BODY) =>
    runCheck(key, Buffer.from(base), sig, digests, body);

  it('accepts the signature over its base', () => {
    expect(check(BASE, signature)).toBe('valid');
  });

  it('refuses any other base', () => {
    expect(check(`${BASE} `, signature)).toBe('signature-invalid');
    expect(check('', signature)).toBe('signature-invalid');
  });

  it('refuses a signature with any byte changed', () => {
    for (let i = 0; i < signature.length; i += 7) {
      const changed = Buffer.from(signature);
      changed[i]! ^= 1;
      expect(check(BASE, changed)).toBe('signature-invalid');
    }
  });

  it('calls a signature of any other length invalid and does not throw', () => {
    for (const length of [0, 1, 31, 33, 63, 65, 95, 97, 255, 257, 4_096]) {
      expect(check(BASE, Buffer.alloc(length, 7))).toBe('signature-invalid');
    }
    expect(check(BASE, Buffer.concat([signature, signature]))).toBe('signature-invalid');
    expect(check(BASE, signature.subarray(0, -1))).toBe('signature-invalid');
  });

  it('refuses a signature by another key of the same kind', () => {
    expect(check(BASE, signerFor(algorithm, true).sign(BASE))).toBe('signature-invalid');
  });

  it('compares every digest with the body', () => {
    const good = [digestOf('sha-256', BODY), digestOf('sha-512', BODY)];
    expect(check(BASE, signature, good)).toBe('valid');
    const other = digestOf('sha-512', Buffer.from('{}'));
    expect(check(BASE, signature, [good[0]!, other])).toBe('digest-mismatch');
    expect(check(BASE, signature, good, Buffer.from('{"amount":"99.00"}'))).toBe('digest-mismatch');
  });

  it('calls a digest of the wrong length a mismatch', () => {
    for (const length of [0, 31, 33, 64]) {
      const digest: BodyDigest = { algorithm: 'sha-256', expected: Buffer.alloc(length) };
      expect(check(BASE, signature, [digest])).toBe('digest-mismatch');
    }
  });

  it('tells a mismatch to nobody who cannot sign', () => {
    const wrong = [digestOf('sha-256', EMPTY_BODY)];
    expect(check(BASE, Buffer.alloc(signature.length), wrong)).toBe('signature-invalid');
  });
});

describe('an RSA-PSS signature', () => {
  it.each([0, 20, 64, constants.RSA_PSS_SALTLEN_MAX_SIGN])(
    'may have salt length %i',
    saltLength => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const bytes = sign('sha512', Buffer.from(BASE), { key: privateKey, padding, saltLength });
      const spki = publicKey.export({ format: 'der', type: 'spki' });
      const key = importVerifyKey('rsa-pss-sha512', spki)!;
      expect(runCheck(key, Buffer.from(BASE), bytes, [], EMPTY_BODY)).toBe('valid');
      expect(runCheck(key, Buffer.from(`${BASE}.`), bytes, [], EMPTY_BODY)).toBe(
        'signature-invalid',
      );
    },
  );
});

describe('an RSA-PSS key with parameters of its own', () => {
  it.each([0, 20, 64])('whose salt length is %i takes the 64 bytes that RFC 9421 asks for', own => {
    const { publicKey, privateKey } = pssPair(own);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const bytes = sign('sha512', Buffer.from(BASE), { key: privateKey, padding, saltLength: 64 });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const key = importVerifyKey('rsa-pss-sha512', spki)!;
    expect(runCheck(key, Buffer.from(BASE), bytes, [], EMPTY_BODY)).toBe('valid');
  });
});

describe('importing a key', () => {
  it('refuses a key of another kind than the algorithm', () => {
    for (const of of SIGNATURE_ALGORITHMS) {
      if (of === 'hmac-sha256') continue;
      const { material } = signerFor(of);
      for (const algorithm of SIGNATURE_ALGORITHMS) {
        const fits = algorithm === of || (algorithm.startsWith('rsa') && of.startsWith('rsa'));
        if (algorithm === 'hmac-sha256') continue;
        expect(importVerifyKey(algorithm, material) !== undefined, `${of} as ${algorithm}`).toBe(
          fits,
        );
      }
    }
  });

  it('refuses bytes that are no key, and the empty secret', () => {
    for (const algorithm of SIGNATURE_ALGORITHMS) {
      expect(importVerifyKey(algorithm, EMPTY_BODY)).toBeUndefined();
    }
    expect(importVerifyKey('ed25519', Buffer.from('no key'))).toBeUndefined();
  });

  it('tells that a key whose own parameters forbid the algorithm cannot be used', () => {
    const { publicKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2_048,
      hashAlgorithm: 'sha256',
      mgf1HashAlgorithm: 'sha256',
    });
    const key = importVerifyKey(
      'rsa-pss-sha512',
      publicKey.export({ format: 'der', type: 'spki' }),
    )!;
    expect(runCheck(key, Buffer.from(BASE), Buffer.alloc(256), [], EMPTY_BODY)).toBe('failed');
  });

  it('does not take a public key for a shared secret', () => {
    const { material } = signerFor('ecdsa-p256-sha256');
    const key = importVerifyKey('ecdsa-p256-sha256', material)!;
    const forged = createHmac('sha256', material).update(BASE).digest();
    expect(runCheck(key, Buffer.from(BASE), forged, [], EMPTY_BODY)).toBe('signature-invalid');
  });
});
