import { createPublicKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BATCH_COST_MAX_MICROS } from '../../../src/data-plane/workers/batch-bounds.ts';
import { rsaMultiple } from '../../../src/data-plane/workers/rsa-cost.ts';
import { costMicros, fakePool } from './fake-workers.ts';
import { keyEntry, TestCheck } from './signed-checks.ts';

/** A public key of that size; nobody can sign with it, which takes no time to make. */
function publicKey(bits: number, exponentHex = '010001'): Uint8Array {
  const modulus = randomBytes(bits / 8);
  modulus[0]! |= 0x80;
  modulus[modulus.length - 1]! |= 1;
  const n = modulus.toString('base64url');
  const e = Buffer.from(exponentHex, 'hex').toString('base64url');
  const key = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  return key.export({ format: 'der', type: 'spki' });
}

const rsa = (app: string, bits: number) => keyEntry(app, 'rsa-v1_5-sha256', publicKey(bits));
const SMALL = rsa('small', 2_048);
const LARGE = rsa('large', 8_192);

describe('the cost of an RSA check', () => {
  it.each([
    [2_048, 1],
    [3_072, 1.8],
    [4_096, 3],
    [6_144, 6.2],
    [8_192, 10.9],
  ])('follows a modulus of %i bits', (bits, measured) => {
    const multiple = rsaMultiple(publicKey(bits));
    expect(multiple).toBeGreaterThan(measured * 0.9);
    expect(multiple).toBeLessThan(measured * 1.1);
  });

  it('follows a long exponent', () => {
    expect(rsaMultiple(publicKey(2_048, `${'aa'.repeat(7)}ab`))).toBeCloseTo(3.4, 0);
    expect(rsaMultiple(publicKey(2_048, `${'aa'.repeat(31)}ab`))).toBeGreaterThan(10);
  });

  it('is never below that of the usual key, and one for what is no key', () => {
    expect(rsaMultiple(publicKey(1_024))).toBe(1);
    expect(rsaMultiple(Buffer.of(1, 2, 3))).toBe(1);
  });

  it('is the same for both algorithms and not asked of others', () => {
    const pss = keyEntry('large', 'rsa-pss-sha512', LARGE.key.material);
    const hmac = keyEntry('large', 'hmac-sha256', LARGE.key.material);
    expect(costMicros(new TestCheck(pss))).toBe(costMicros(new TestCheck(LARGE)));
    expect(costMicros(new TestCheck(hmac))).toBe(4);
  });
});

describe('a check with a large RSA key', () => {
  it('leaves an app with a small one half of the time', async () => {
    const { pool, workers } = fakePool();
    const micros = { small: 0, large: 0 };
    const submit = (entry: typeof SMALL) => {
      const check = new TestCheck(entry);
      const app = entry.app.id as keyof typeof micros;
      check.settled.then(() => {
        micros[app] += costMicros(check);
      });
      pool.submit(check);
    };
    for (let i = 0; i < 2_000; i++) submit(SMALL);
    for (let i = 0; i < 300; i++) submit(LARGE);
    for (let batch = 0; batch < 80; batch++) await workers.finish();
    expect(micros.small + micros.large).toBeGreaterThan(20_000);
    expect(Math.abs(micros.small - micros.large)).toBeLessThan(1_000);
  });

  it('fills a batch sooner', async () => {
    const { pool, workers } = fakePool();
    const medium = rsa('medium', 4_096);
    for (let i = 0; i < 100; i++) pool.submit(new TestCheck(medium));
    await workers.finish();
    const most = Math.floor(BATCH_COST_MAX_MICROS / costMicros(new TestCheck(medium)));
    expect(most).toBeLessThan(30);
    expect(workers.held[0]!.bases).toHaveLength(most);
  });

  it('travels alone, so that nothing quick waits within its batch', async () => {
    const { pool, workers } = fakePool();
    for (let i = 0; i < 3; i++) pool.submit(new TestCheck(LARGE));
    for (let i = 0; i < 3; i++) pool.submit(new TestCheck(SMALL));
    const sizes: number[] = [];
    for (; workers.held.length > 0; await workers.finish()) {
      sizes.push(workers.held[0]!.bases.length);
    }
    expect(sizes.toSorted()).toEqual([1, 1, 1, 3]);
  });

  it('goes to a worker where one with a small key runs at once', () => {
    const { pool, counters } = fakePool({ inlineMaxMicros: 50 });
    expect(pool.submit(new TestCheck(SMALL))).toBe('signature-invalid');
    expect(pool.submit(new TestCheck(LARGE))).toBeUndefined();
    expect(counters.get('verify_inline')).toBe(1);
  });
});
