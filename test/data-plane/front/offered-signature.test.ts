import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withOfferedSignature } from '../../../src/data-plane/front/offered-signature.ts';

const INPUT = 'sig=("@method" "@target-uri");created=1790000000;nonce="n";keyid="k"';
const SIGNATURE = 'sig=:AAECAwQ=:';
const carry = (name: 'signature-input' | 'signature', value: string) =>
  `xingyun.${name}.${Buffer.from(value).toString('base64url')}`;
const OFFERED = ['xingyun.v1+json', carry('signature-input', INPUT), carry('signature', SIGNATURE)];
const HOST = ['host', 'bank.example'];
const CARRIED = ['signature-input', INPUT, 'signature', SIGNATURE];

const offering = (...tokens: string[]) => [...HOST, 'sec-websocket-protocol', tokens.join(', ')];

describe('signature fields that are offered as subprotocols', () => {
  it('are fields of the handshake', () => {
    const headers = offering(...OFFERED);
    expect(withOfferedSignature(headers)).toEqual([...headers, ...CARRIED]);
  });

  it('may stand in any order, in several fields, with and without space', () => {
    const [json, input, signature] = OFFERED as [string, string, string];
    const headers = [
      ...['sec-websocket-protocol', signature],
      ...HOST,
      ...['sec-websocket-protocol', `${json},${input}  `],
    ];
    expect(withOfferedSignature(headers)).toEqual([
      ...headers,
      ...['signature', SIGNATURE, 'signature-input', INPUT],
    ]);
  });

  it('of any printable value come out as they went in', () => {
    const printable = fc.string({ minLength: 1, unit: 'grapheme-ascii' });
    fc.assert(
      fc.property(printable, printable, (input, signature) => {
        const headers = offering(carry('signature', signature), carry('signature-input', input));
        expect(withOfferedSignature(headers).slice(headers.length)).toEqual([
          ...['signature', signature],
          ...['signature-input', input],
        ]);
      }),
    );
  });

  it.each(['signature', 'signature-input'])('say nothing where there is a field %s', name => {
    const headers = [...offering(...OFFERED), name, 'sig=:other:'];
    expect(withOfferedSignature(headers)).toBe(headers);
  });
});

describe('a subprotocol that carries no field', () => {
  it.each([
    ['padded base64', `xingyun.signature.${Buffer.from('a').toString('base64')}`],
    ['base64 with its other characters', 'xingyun.signature.+/=='],
    ['nothing', 'xingyun.signature.'],
    ['another name', 'xingyun.authorization.YQ'],
    ['a name in capitals', 'XINGYUN.SIGNATURE.YQ'],
    ['a line break', carry('signature', 'a\r\nx-admin: 1')],
    ['NUL', carry('signature', 'a\u0000')],
    ['bytes beyond ASCII', carry('signature', 'sig=é')],
  ])('with %s is left alone', (_, token) => {
    const headers = offering('xingyun.v1+json', token);
    expect(withOfferedSignature(headers)).toBe(headers);
  });

  it('is what every other handshake has', () => {
    for (const headers of [HOST, [], offering('chat'), offering('')]) {
      expect(withOfferedSignature(headers)).toBe(headers);
    }
  });

  it('is never taken for a field, whatever a client offers', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), token => {
        const headers = offering(token, `xingyun.signature.${token}`);
        const carried = withOfferedSignature(headers).slice(headers.length);
        for (let i = 0; i < carried.length; i += 2) {
          expect(carried[i]).toMatch(/^signature(-input)?$/);
          expect(carried[i + 1]).toMatch(/^[\x20-\x7e]+$/);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
