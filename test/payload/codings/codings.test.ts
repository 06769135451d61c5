import { brotliCompressSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CODING_LIMITS,
  type ContentCoding,
  decodeContent,
  encodeContent,
  negotiateCoding,
  parseContentEncoding,
} from '../../../src/payload/codings/index.ts';
import { faultOf } from '../fault-of.ts';

const CODINGS = ['gzip', 'br', 'zstd'] as const;
const LOOSE = { bytesMax: 1_048_576, ratioMax: 1_000_000 };
const coding = fc.constantFrom<ContentCoding>(...CODINGS);
const decode = (name: ContentCoding, data: Uint8Array) =>
  decodeContent([name], data, CODING_LIMITS);
const text = Buffer.from('{"amount":"10.00","currency":"EUR"}'.repeat(20));

describe('content codings', () => {
  it('give back what was coded, once or twice', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.array(coding, { maxLength: 2 }), (data, codings) => {
        const coded = codings.reduce<Uint8Array>((part, name) => encodeContent(name, part), data);
        expect(Buffer.from(decodeContent(codings, coded, LOOSE))).toEqual(Buffer.from(data));
      }),
    );
  });

  it.each(CODINGS)('refuse every beginning of a stream of %s', name => {
    const whole = encodeContent(name, text);
    for (let end = 0; end < whole.length; end++) {
      expect(faultOf(() => decode(name, whole.subarray(0, end)))).toBe('');
    }
  });

  it.each(CODINGS)('refuse a stream of %s with anything after it', name => {
    const whole = encodeContent(name, text);
    for (const after of [Buffer.alloc(8), Buffer.from('x'), whole]) {
      expect(faultOf(() => decode(name, Buffer.concat([whole, after])))).toBe('');
    }
  });

  it('throw nothing but faults for damaged streams', () => {
    fc.assert(
      fc.property(coding, fc.nat(), fc.nat(255), (name, at, byte) => {
        const damaged = Uint8Array.from(encodeContent(name, text));
        damaged[at % damaged.length] = byte;
        faultOf(() => decode(name, damaged));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(CODINGS)('stop a bomb of %s by its size and by its ratio', name => {
    const bomb = encodeContent(name, Buffer.alloc(10_000_000));
    expect(faultOf(() => decodeContent([name], bomb, LOOSE))).toBe('');
    const small = encodeContent(name, Buffer.alloc(1_000_000));
    expect(decodeContent([name], small, LOOSE)).toHaveLength(1_000_000);
    expect(faultOf(() => decode(name, small))).toBe('');
  });

  it('stop a bomb within a bomb at its first layer', () => {
    const twice = gzipSync(gzipSync(Buffer.alloc(100_000_000)));
    expect(faultOf(() => decodeContent(['gzip', 'gzip'], twice, LOOSE))).toBe('');
  });

  it('refuse a window of zstd beyond 8 MB', () => {
    // A frame of one raw block of one byte, whose second field is the window (RFC 8878, 3.1.1.1.2).
    const frame = (windowLog: number) =>
      Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, (windowLog - 10) << 3, 0x09, 0x00, 0x00, 0x61);
    expect(decode('zstd', frame(23))).toHaveLength(1);
    expect(faultOf(() => decode('zstd', frame(24)))).toBe('');
    expect(faultOf(() => decode('zstd', frame(31)))).toBe('');
  });

  it('refuse one coding for another', () => {
    expect(faultOf(() => decode('gzip', brotliCompressSync(text)))).toBe('');
    expect(faultOf(() => decodeContent(['br', 'br', 'br'], text, LOOSE))).toBe('');
  });
});

describe('parseContentEncoding', () => {
  it.each([
    [undefined, []],
    ['identity', []],
    ['GZIP', ['gzip']],
    ['x-gzip , br', ['gzip', 'br']],
    ['identity, zstd', ['zstd']],
  ])('reads %j as %j', (field, expected) => {
    expect(parseContentEncoding(field)).toEqual(expected);
  });

  it.each(['deflate', 'gzip, gzip, gzip', 'gzip;q=1', ',,,,', 'constructor'])(
    'refuses %s',
    field => {
      expect(faultOf(() => parseContentEncoding(field))).toBe('');
    },
  );
});

describe('negotiateCoding', () => {
  it.each([
    [undefined, 'identity'],
    ['', 'identity'],
    ['gzip', 'gzip'],
    ['gzip, br', 'br'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['gzip;q=0', 'identity'],
    ['*', 'zstd'],
    ['zstd;q=0, *', 'br'],
    ['identity;q=0.9, gzip;q=0.5', 'identity'],
    ['x-gzip', 'gzip'],
    ['deflate', 'identity'],
    ['identity;q=0', undefined],
    ['*;q=0', undefined],
    ['gzip, *;q=0', 'gzip'],
  ])('answers %j with %s', (field, expected) => {
    expect(negotiateCoding(field, 5_000)).toBe(expected);
  });

  it('leaves small bodies as they are, unless identity is refused', () => {
    expect(negotiateCoding('gzip', 1_023)).toBe('identity');
    expect(negotiateCoding('gzip, identity;q=0', 1_023)).toBe('gzip');
  });
});
