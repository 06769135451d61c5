import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TestKey, VerifyBench } from '../signed-call.ts';
import { bound, encode, fieldOf, type Header, headerFor, JWS_KEYS, withField } from './jws-call.ts';
import { BODY, POST } from './wrong-call.ts';

const RUNS = 1_000;
const PRINTABLE = fc.constantFrom('', ...'azAZ09-_.=+/, "\\{}[]:%');

function registered(key: TestKey): VerifyBench {
  const bench = new VerifyBench();
  bench.register('key-1', key, { key: { schemes: ['jws'] } });
  bench.register('key-2', key, { key: { schemes: ['jws'] }, app: { id: 'app-2' } });
  return bench;
}

function edited(text: string, at: number, put: string): string {
  const index = at % text.length;
  return text.slice(0, index) + put + text.slice(index + 1);
}

/** Whatever JSON can hold. */
const members = fc.dictionary(
  fc.constantFrom('alg', 'kid', 'crit', 'b64', 'typ', 'iat', 'exp', 'htm', 'htu', 'jti', 'jwk'),
  fc.jsonValue(),
);

describe.each(JWS_KEYS)('a detached JWS with $algorithm', key => {
  const field = fieldOf(key, headerFor(key, bound(POST)), BODY);

  it('is refused with any other character in it', () => {
    const bench = registered(key);
    fc.assert(
      fc.property(fc.nat(), PRINTABLE, (at, put) => {
        const other = edited(field, at, put);
        if (other !== field) expect(bench.verdict(withField(POST, other))).not.toBe('accepted');
        expect(bench.nonces.claims).toHaveLength(0);
      }),
      { numRuns: RUNS },
    );
    expect(bench.verdict(withField(POST, field))).toBe('accepted');
  });

  it('is refused with any other byte in the body', () => {
    const bench = registered(key);
    const raw = headerFor(key, { b64: false, crit: ['b64'] });
    const fields = [field, fieldOf(key, raw, BODY)];
    fc.assert(
      fc.property(
        fc.constantFrom(...fields),
        fc.nat(BODY.length - 1),
        fc.integer({ min: 1, max: 255 }),
        (sent, at, flip) => {
          const body = Buffer.from(BODY);
          body[at]! ^= flip;
          expect(bench.verdict({ ...withField(POST, sent), body })).toBe('signature-invalid');
          const cut = { ...withField(POST, sent), body: body.subarray(0, at) };
          expect(bench.verdict(cut)).not.toBe('accepted');
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is refused with members that the key did not sign, whatever they hold', () => {
    const bench = registered(key);
    const signature = field.slice(field.indexOf('..'));
    fc.assert(
      fc.property(members, changes => {
        const header: Header = { ...headerFor(key), ...changes };
        const verdict = bench.verdict(withField(POST, `${encode(header)}${signature}`));
        expect(verdict).toMatch(/^(signature|key)-/);
      }),
      { numRuns: RUNS },
    );
  });
});
