import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson, writeJson } from '../../../src/payload/formats/json.ts';
import { type JsonValue, PayloadFault } from '../../../src/payload/payload-fault.ts';

const read = (text: string) => readJson(Buffer.from(text));

describe('a payload in JSON', () => {
  it('comes out as it went in', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false }), text => {
        fc.pre(!text.includes('\\\\'));
        let payload: JsonValue;
        try {
          payload = read(text);
        } catch (error) {
          // Numbers with more digits than are kept: fast-check makes them.
          expect(error).toBeInstanceOf(PayloadFault);
          return;
        }
        expect(JSON.parse(Buffer.from(writeJson(payload)).toString())).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '9007199254740991',
    '-9007199254740991',
    '1000000000000000000',
    '0.1',
    '123456789.012345',
    '1e15',
    '1.5E-300',
    '0.000000000000000000000000001',
    '"12345678901234567890"',
    '{"a":"1e999","b":1}',
  ])('keeps the number in %s', text => {
    expect(() => read(text)).not.toThrow();
  });

  it.each([
    '9007199254740993',
    '12345678901234567890',
    '0.1234567890123456',
    '1e999',
    '-1e-999',
    '{"a":"1","b":[12345678901234567]}',
    '1234567890.1234567',
  ])('is refused with the number in %s, which it could not keep', text => {
    expect(() => read(text)).toThrow(PayloadFault);
  });

  it('is refused where it nests without end, is no JSON or no UTF-8', () => {
    const deep = '['.repeat(5_000) + ']'.repeat(5_000);
    for (const text of [deep, '', '{', '01', 'NaN', '{"a":1}x', "{'a':1}"]) {
      expect(() => read(text)).toThrow(PayloadFault);
    }
    expect(() => readJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(PayloadFault);
    expect(() => readJson(Buffer.from('\ufeff{}'))).toThrow(PayloadFault);
  });

  it('is refused with a name that V8 would mistake others for', () => {
    expect(() => read(String.raw`{"currency":1,"\\u":0}`)).toThrow(PayloadFault);
    expect(read(String.raw`{"currency":1,"\u91d1\u989d":2}`)).toEqual({ currency: 1, 金额: 2 });
  });

  it('has members of any name as data', () => {
    const payload = read('{"__proto__":{"x":1},"constructor":2}') as object;
    expect(Object.keys(payload)).toEqual(['__proto__', 'constructor']);
    expect(({} as { x?: number }).x).toBeUndefined();
  });
});
