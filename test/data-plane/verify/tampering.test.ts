import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Call,
  call,
  contentDigest,
  KEYS,
  NOW,
  requiredComponents,
  signCall,
  VerifyBench,
} from './signed-call.ts';

const RUNS = 2_000;
const key = KEYS['hmac-sha256'];

function bench(): VerifyBench {
  const room = new VerifyBench();
  room.register('key-1', key);
  // So that a changed keyid finds a key that exists and differs only in its name.
  room.register('key-2', key, { app: { id: 'app-2' } });
  return room;
}

const BODY = Buffer.from('{"iban":"DE02120300000000202051","amount":"12.50"}');
const UNSIGNED = call({
  method: 'POST',
  path: '/transfers/v1/transfers',
  query: '?dry-run=false&limit=10',
  body: BODY,
  headers: [
    'content-type',
    'application/json',
    'x-request-id',
    'req-7',
    'x-list',
    'a',
    'x-list',
    'b',
  ],
});
const COMPONENTS: readonly (readonly [string, string])[] = [
  ...requiredComponents(UNSIGNED),
  ['"@authority"', UNSIGNED.authority],
  ['"@path"', UNSIGNED.path],
  ['"@query"', UNSIGNED.query],
  ['"@query-param";name="limit"', '10'],
  ['"content-type"', 'application/json'],
  ['"x-request-id"', 'req-7'],
  ['"x-list"', 'a, b'],
];
const PARAMETERS = [
  `;created=${NOW}`,
  `expires=${NOW + 30}`,
  'keyid="key-1"',
  'nonce="nonce-0-tampered"',
  'alg="hmac-sha256"',
  'tag="bank"',
].join(';');
const SIGNED = signCall(UNSIGNED, { key, components: COMPONENTS, parameters: PARAMETERS });

/** Puts another visible character, or none, in the place of one. */
const edit = fc.record({
  at: fc.nat(),
  character: fc.constantFrom('', ...'aZ09/?&=%.-_~"();:, @'),
});
function applied(text: string, { at, character }: { at: number; character: string }): string {
  const index = at % text.length;
  return text.slice(0, index) + character + text.slice(index + 1);
}

function header(name: string): string {
  return SIGNED.headers[SIGNED.headers.indexOf(name) + 1]!;
}
function withHeader(name: string, value: string): Call {
  const at = SIGNED.headers.indexOf(name);
  return { ...SIGNED, headers: SIGNED.headers.with(at + 1, value) };
}

function refusesEvery(tamper: (change: { at: number; character: string }) => Call | undefined) {
  const room = bench();
  fc.assert(
    fc.property(edit, change => {
      const tampered = tamper(change);
      if (tampered === undefined) return;
      expect(room.verdict(tampered)).not.toBe('accepted');
      expect(room.nonces.claims).toHaveLength(0);
    }),
    { numRuns: RUNS },
  );
}

const changed = (before: string, after: string) => (after === before ? undefined : after);

describe('a signed call', () => {
  it('is accepted as it was signed', () => {
    expect(bench().verdict(SIGNED)).toBe('accepted');
  });

  it.each(['method', 'path', 'query', 'authority'] as const)(
    'is refused with any other %s',
    part => {
      refusesEvery(change => {
        const value = changed(SIGNED[part], applied(SIGNED[part], change));
        // An authority in other letters is the same authority (RFC 9110 section 4.2.3).
        if (value === undefined || value.toLowerCase() === SIGNED[part]) return undefined;
        return { ...SIGNED, [part]: value };
      });
    },
  );

  it('is refused under another authority of the same gateway', () => {
    const room = new VerifyBench({ authorities: [SIGNED.authority, 'www.bank.example'] });
    room.register('key-1', key);
    expect(room.verdict({ ...SIGNED, authority: 'www.bank.example' })).toBe('signature-invalid');
    expect(room.verdict(SIGNED)).toBe('accepted');
  });

  it('is refused under the other scheme', () => {
    expect(bench().verdict({ ...SIGNED, scheme: 'http' })).toBe('signature-invalid');
  });

  it.each(['content-type', 'x-request-id', 'x-list', 'content-digest'])(
    'is refused with any other value of %s',
    name => {
      const value = header(name);
      refusesEvery(change => {
        const other = changed(value, applied(value, change).trim());
        return other === undefined ? undefined : withHeader(name, other);
      });
    },
  );

  it('is refused without, or with a further line of, a covered field', () => {
    for (const name of ['content-type', 'x-request-id', 'x-list', 'content-digest']) {
      const at = SIGNED.headers.indexOf(name);
      const without = { ...SIGNED, headers: SIGNED.headers.toSpliced(at, 2) };
      expect(bench().verdict(without), name).not.toBe('accepted');
      const twice = { ...SIGNED, headers: [...SIGNED.headers, name, header(name)] };
      expect(bench().verdict(twice), name).not.toBe('accepted');
    }
  });

  it('is refused with any other byte in its body', () => {
    const room = bench();
    fc.assert(
      fc.property(fc.nat(BODY.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const body = Buffer.from(BODY);
        body[at]! ^= flip;
        expect(room.verdict({ ...SIGNED, body })).toBe('digest-mismatch');
        const digest = withHeader('content-digest', contentDigest(body));
        expect(room.verdict({ ...digest, body })).toBe('signature-invalid');
        expect(room.verdict({ ...SIGNED, body: body.subarray(0, at) })).toBe('digest-mismatch');
      }),
      { numRuns: 500 },
    );
  });

  it('is refused with any other component or parameter', () => {
    const value = header('signature-input');
    refusesEvery(change => {
      const other = changed(value, applied(value, change));
      // A space more or less between members means the same (RFC 9651 section 4.2.1.2).
      if (other === undefined || change.character === ' ' || other.length < value.length) {
        return undefined;
      }
      return withHeader('signature-input', other);
    });
  });

  it.each([
    ['created', `created=${NOW}`, `created=${NOW - 1}`],
    ['expires', `expires=${NOW + 30}`, `expires=${NOW + 31}`],
    ['keyid', 'keyid="key-1"', 'keyid="key-2"'],
    ['nonce', 'nonce="nonce-0', 'nonce="nonce-1'],
    ['tag', 'tag="bank"', 'tag="shop"'],
    ['alg, taken away', ';alg="hmac-sha256"', ''],
    ['a component, taken away', '"content-type" ', ''],
    ['the order of components', '"@authority" "@path"', '"@path" "@authority"'],
    [
      'the order of parameters',
      `;created=${NOW};expires=${NOW + 30}`,
      `;expires=${NOW + 30};created=${NOW}`,
    ],
  ])('is refused with another %s', (_, before, after) => {
    const value = header('signature-input');
    expect(value).toContain(before);
    const tampered = withHeader('signature-input', value.replace(before, after));
    expect(bench().verdict(tampered)).toBe('signature-invalid');
  });

  it('is refused with any other signature', () => {
    const value = header('signature');
    refusesEvery(change => {
      const other = changed(value, applied(value, change));
      return other === undefined ? undefined : withHeader('signature', other);
    });
  });
});
