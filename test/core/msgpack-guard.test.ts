import fc from 'fast-check';
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import { describe, expect, it } from 'vitest';
import { isPlainMessagePack } from '../../src/core/msgpack-guard.ts';

const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'auto' });
const pack = (value: unknown) => new Uint8Array(packr.pack(value));
const bytes = (...values: number[]) => Uint8Array.from(values);
const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

const json = fc
  .jsonValue({ maxDepth: 6 })
  .map(value => JSON.parse(JSON.stringify(value).replaceAll('__proto__', 'proto')) as unknown);
const name = fc.string({ maxLength: 40 }).filter(text => text !== '__proto__');

/** What a call may hold: plain JSON, and bytes. */
const plainValue = fc.oneof(
  json,
  fc.dictionary(name, fc.uint8Array({ maxLength: 300, size: 'max' })),
  fc.array(fc.double(), { maxLength: 40, size: 'max' }),
  fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), { maxLength: 8 }),
  fc.string({ maxLength: 70_000, size: 'max' }),
);

const DEPTH_MAX = 64;
const EXTENSIONS = [0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8] as const;
/** Lengths and data of an extension, long enough for each of them. */
const PADDING = new Uint8Array(64);

describe('what is plain MessagePack', () => {
  it('is everything that msgpackr makes of JSON values and bytes', () => {
    fc.assert(
      fc.property(plainValue, value => {
        expect(isPlainMessagePack(pack(value))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is nothing that was cut off or goes on', () => {
    const small = fc.oneof(json, fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(small, value => {
        const whole = pack(value);
        for (let end = 0; end < whole.length; end++) {
          expect(isPlainMessagePack(whole.subarray(0, end))).toBe(false);
        }
        expect(isPlainMessagePack(join(whole, bytes(0xc0)))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['nil, false and true', bytes(0x93, 0xc0, 0xc2, 0xc3)],
    [
      'each size of integers',
      join(
        bytes(0x9a, 0x7f, 0xe0, 0xcc, 1, 0xcd, 1, 2, 0xce, 1, 2, 3, 4, 0xd0, 1, 0xd1, 1, 2),
        bytes(0xd2, 1, 2, 3, 4, 0xcf, 1, 2, 3, 4, 5, 6, 7, 8, 0xd3, 1, 2, 3, 4, 5, 6, 7, 8),
      ),
    ],
    ['floats', join(bytes(0x92, 0xca, 1, 2, 3, 4), bytes(0xcb, 1, 2, 3, 4, 5, 6, 7, 8))],
    [
      'each size of strings',
      bytes(0x94, 0xa1, 65, 0xd9, 1, 65, 0xda, 0, 1, 65, 0xdb, 0, 0, 0, 1, 65),
    ],
    ['each size of binaries', bytes(0x93, 0xc4, 1, 0, 0xc5, 0, 1, 0, 0xc6, 0, 0, 0, 1, 0)],
    ['each size of arrays', bytes(0x93, 0x90, 0xdc, 0, 1, 0xc0, 0xdd, 0, 0, 0, 1, 0xc0)],
    ['each size of maps', bytes(0x93, 0x80, 0xde, 0, 1, 0xa0, 0xc0, 0xdf, 0, 0, 0, 1, 0xa0, 0xc0)],
    ['names in each size of strings', bytes(0x83, 0xa0, 0, 0xd9, 1, 65, 0, 0xda, 0, 1, 65, 0)],
  ])('has %s', (_, packed) => {
    expect(isPlainMessagePack(packed)).toBe(true);
  });
});

describe('what is not plain MessagePack', () => {
  it('is an extension, wherever it stands', () => {
    for (const format of EXTENSIONS) {
      for (const before of [[], [0x91], [0x81, 0xa1, 65], [0x81]]) {
        const packed = join(bytes(...before, format), PADDING);
        for (let end = before.length + 1; end <= packed.length; end++) {
          expect(isPlainMessagePack(packed.subarray(0, end))).toBe(false);
        }
      }
    }
  });

  it('is a Date, a bigint beyond 64 bits, undefined or a Set as msgpackr packs them', () => {
    for (const value of [new Date(0), 2n ** 70n, undefined, new Set([1]), [/a/], new Error('x')]) {
      const own = new Packr({ useRecords: false, moreTypes: true, largeBigIntToFloat: false });
      let packed: Uint8Array;
      try {
        packed = own.pack(value);
      } catch {
        // It has no form for this one at all.
        continue;
      }
      expect(isPlainMessagePack(packed), String(value)).toBe(false);
    }
  });

  it('is a record structure of msgpackr', () => {
    const records = new Packr({ useRecords: true });
    expect(isPlainMessagePack(records.pack({ a: 1, b: { a: 2 } }))).toBe(false);
  });

  it('is the format that is never used', () => {
    expect(isPlainMessagePack(bytes(0xc1))).toBe(false);
    expect(isPlainMessagePack(bytes(0x91, 0xc1))).toBe(false);
  });

  it('is a map with a name that is no string', () => {
    const names = [
      bytes(1),
      bytes(0xc0),
      bytes(0xc4, 1, 65),
      bytes(0x90),
      bytes(0x80),
      bytes(0xcb),
    ];
    for (const name of names) {
      expect(isPlainMessagePack(join(bytes(0x81), name, PADDING))).toBe(false);
      expect(isPlainMessagePack(join(bytes(0x82, 0xa0, 0xc0), name, bytes(0xc0)))).toBe(false);
    }
  });

  it('is a map with the one name that the decoder would change', () => {
    const name = Buffer.from('__proto__');
    for (const head of [[0xa9], [0xd9, 9], [0xda, 0, 9], [0xdb, 0, 0, 0, 9]]) {
      expect(isPlainMessagePack(join(bytes(0x81, ...head), name, bytes(0xc0)))).toBe(false);
      expect(isPlainMessagePack(join(bytes(0x92, 0, ...head), name))).toBe(true);
    }
    for (const near of ['x__proto__', '__proto__x', '_proto__', '__prot0__', '']) {
      expect(isPlainMessagePack(pack({ [near]: near }))).toBe(true);
    }
  });

  it('announces more than it has', () => {
    for (const format of [0xdc, 0xde, 0xc5, 0xda]) {
      expect(isPlainMessagePack(bytes(format, 0xff, 0xff, 0xc0))).toBe(false);
    }
    for (const format of [0xdd, 0xdf, 0xc6, 0xdb]) {
      expect(isPlainMessagePack(bytes(format, 0xff, 0xff, 0xff, 0xff, 0xc0))).toBe(false);
    }
  });

  it('is nested deeper than 64', () => {
    const nested = (depth: number, open: number[]) =>
      join(...Array.from({ length: depth }, () => bytes(...open)), bytes(0xc0));
    for (const open of [[0x91], [0x81, 0xa0], [0xdc, 0, 1]]) {
      expect(isPlainMessagePack(nested(DEPTH_MAX, open))).toBe(true);
      expect(isPlainMessagePack(nested(DEPTH_MAX + 1, open))).toBe(false);
      expect(isPlainMessagePack(nested(100_000, open))).toBe(false);
    }
  });

  it('is no byte at all', () => {
    expect(isPlainMessagePack(bytes())).toBe(false);
  });
});

describe('any bytes', () => {
  it('are judged without a throw, and what passes the decoder takes', () => {
    const formats = fc.constantFrom(
      0x80,
      0x81,
      0x90,
      0x91,
      0x92,
      0xa1,
      0xc4,
      0xc6,
      0xcb,
      0xd9,
      0xdd,
    );
    const some = fc.array(fc.oneof(fc.integer({ min: 0, max: 255 }), formats), {
      maxLength: 40,
    });
    let passed = 0;
    fc.assert(
      fc.property(some, values => {
        const packed = bytes(...values);
        if (!isPlainMessagePack(packed)) return;
        passed++;
        expect(() => unpackr.unpack(packed)).not.toThrow();
      }),
      { numRuns: 20_000 },
    );
    expect(passed).toBeGreaterThan(200);
  });

  it('are judged in time that grows with their number alone', () => {
    // 64 levels, each of which claims as many elements as there are bytes left.
    const claims = join(...Array.from({ length: 64 }, () => bytes(0xdd, 0, 3, 0xd0, 0x90)));
    const packed = join(claims, new Uint8Array(250_000));
    const startedMs = performance.now();
    expect(isPlainMessagePack(packed)).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});
