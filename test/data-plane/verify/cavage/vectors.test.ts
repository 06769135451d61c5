import { describe, expect, it } from 'vitest';
import draft from '../../../vectors/cavage.json' with { type: 'json' };
import { type Call, call, KEYS, VerifyBench } from '../signed-call.ts';
import { withAuthorization, withSignature } from './cavage-call.ts';

const { method, authority, path, query } = draft.request;
const HEADERS = draft.request.headers.flatMap(([name, value]) => [name!.toLowerCase(), value!]);
const REQUEST = call({
  ...{ method, authority, path, query, scheme: 'http', headers: HEADERS },
  body: Buffer.from(draft.request.body),
});
const BODILESS = { ...REQUEST, body: Buffer.alloc(0) };
const { 'C.1': BY_DEFAULT, 'C.2': BASIC, 'C.3': ALL, ...OTHERS } = draft.signatures;

/** Its key has 1,024 bits, which the registry takes from nobody. */
function bench(): VerifyBench {
  const made = new VerifyBench({ authorities: [authority] });
  made.wallMs = Date.parse(draft.date);
  const material = Buffer.from(draft.key.publicKeySpki, 'base64');
  const key = { ...KEYS['rsa-v1_5-sha256'], material };
  made.register(draft.key.id, key, { key: { schemes: ['cavage'] } });
  return made;
}

describe.each([
  ['Signature', withSignature],
  ['Authorization', (to: Call, text: string) => withAuthorization(to, `Signature ${text}`)],
] as const)('Appendix C of the draft, in %s', (_, carry) => {
  const verdict = (to: Call, text: string) => bench().verdict(carry(to, text));

  it('C.3 is accepted, and with no other part of it', () => {
    expect(verdict(REQUEST, ALL)).toBe('accepted');
    for (const changed of [{ method: 'PUT' }, { path: '/foo/' }, { query: '?pet=dog' }]) {
      expect(verdict({ ...REQUEST, ...changed }, ALL)).toBe('signature-invalid');
    }
    for (const [index, value] of HEADERS.entries()) {
      if (index % 2 === 0) continue;
      const headers = HEADERS.with(
        index,
        value.replace(/.$/, last => (last === '1' ? '2' : '1')),
      );
      expect(verdict({ ...REQUEST, headers }, ALL)).not.toBe('accepted');
    }
    expect(verdict(BODILESS, ALL)).toBe('digest-mismatch');
  });

  it('C.2 is accepted without a body, which it does not cover', () => {
    expect(verdict(BODILESS, BASIC)).toBe('accepted');
    expect(verdict(REQUEST, BASIC)).toBe('signature-coverage');
    expect(verdict({ ...BODILESS, query: '' }, BASIC)).toBe('signature-invalid');
  });

  it('C.1 covers nothing but Date and is refused', () => {
    expect(verdict(REQUEST, BY_DEFAULT)).toBe('signature-coverage');
    expect(verdict(BODILESS, BY_DEFAULT)).toBe('signature-coverage');
  });

  it('C.3 of draft 12 names parts that its own section 2.3 forbids', () => {
    for (const text of Object.values(OTHERS)) {
      expect(verdict(REQUEST, text)).toBe('signature-malformed');
    }
  });
});
