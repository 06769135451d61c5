import fc from 'fast-check';
import { Packr } from 'msgpackr/pack';
import { describe, expect, it } from 'vitest';
import { FORMAT_LIMITS, jsonFormat, msgpackFormat } from '../../../src/payload/formats/index.ts';
import type { JsonValue } from '../../../src/payload/payload-fault.ts';
import { faultOf } from '../fault-of.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'utf8'));
const readJson = (text: string) => jsonFormat.read(bytes(text), FORMAT_LIMITS);
const readMsgpack = (data: Uint8Array) => msgpackFormat.read(data, FORMAT_LIMITS);
const packr = new Packr({ useRecords: false });
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const json = fc
  .jsonValue({ maxDepth: 6, stringUnit: 'binary' })
  // No backslash in a name: see core/backslash-names.ts.
  .map(value => JSON.stringify(value).replaceAll('\\\\', 'b'))
  .map(text => JSON.parse(text) as JsonValue);

describe('JSON', () => {
  it('is the same payload after it was written and read', () => {
    fc.assert(
      fc.property(json, value => {
        expect(jsonFormat.read(jsonFormat.write(value), FORMAT_LIMITS)).toEqual(value);
      }),
    );
  });

  it.each(['', '{', '{"a":1,}', '\ufeff{}', 'NaN', '01', '"\t"', '{"a":1} x', '1-2'])(
    'refuses %j',
    text => expect(faultOf(() => readJson(text))).toBe(''),
  );

  it('refuses bytes that are not UTF-8', () => {
    expect(faultOf(() => jsonFormat.read(Uint8Array.of(0x22, 0xff, 0x22), FORMAT_LIMITS))).toBe('');
    expect(faultOf(() => jsonFormat.read(Buffer.from('{}', 'utf16le'), FORMAT_LIMITS))).toBe('');
  });

  it('refuses what is too deep, also where it would take JSON.parse long', () => {
    expect(faultOf(() => readJson(nested(64)))).toBeUndefined();
    expect(faultOf(() => readJson(nested(65)))).toBe('');
    expect(faultOf(() => readJson('['.repeat(1_000_000)))).toBe('');
  });

  it('refuses more bytes than the limit', () => {
    const limits = { bytesMax: 10, depthMax: 4 };
    expect(faultOf(() => jsonFormat.read(bytes('"12345678"'), limits))).toBeUndefined();
    expect(faultOf(() => jsonFormat.read(bytes('"123456789"'), limits))).toBe('');
  });

  it.each(['{"a":1,"a":1}', '[{"x":{"a":1,"\\u0061":2}}]', '{"__proto__":1,"__proto__":2}'])(
    'refuses a name twice: %s',
    text => expect(faultOf(() => readJson(text))).toBe(''),
  );

  it('refuses a name with a backslash, which V8 would mistake others for', () => {
    expect(faultOf(() => readJson(String.raw`{"currency":1,"\\u":0}`))).toBe('');
    const escaped = readJson(String.raw`{"currency":1,"\u91d1\u989d":2}`);
    expect(escaped).toEqual({ currency: 1, 金额: 2 });
  });

  it('counts no colon inside text', () => {
    expect(readJson('{"a:b":"c:\\":d","e":[":"]}')).toEqual({ 'a:b': 'c:":d', e: [':'] });
  });

  it.each([
    '9007199254740993',
    '0.1234567890123456789',
    '1e400',
    '1e-400',
    '-12345678901234567.89',
  ])('refuses %s, which a double changes', text =>
    expect(faultOf(() => readJson(`{"amount":${text}}`))).toBe(''),
  );

  it.each(['9007199254740992', '1.10', '-0.1', '1E2', '100000000000000000000', '0e5', '1e-7'])(
    'keeps %s',
    text => expect(readJson(text)).toBe(Number(text)),
  );

  it('keeps __proto__ as a member like any other', () => {
    const value = readJson('{"__proto__":{"admin":true}}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Buffer.from(jsonFormat.write(value as JsonValue)).toString()).toBe(
      '{"__proto__":{"admin":true}}',
    );
  });

  it('says where text has half a surrogate pair', () => {
    expect(faultOf(() => readJson('{"a/b":["\\ud800"]}'))).toBe('/a~1b/0');
  });

  it('does not write what JSON has no word for', () => {
    const wrong = { a: [1, Number.NaN] };
    expect(faultOf(() => jsonFormat.write(wrong))).toBe('/a/1');
  });
});

describe('MessagePack', () => {
  it('holds what JSON holds, both ways', () => {
    fc.assert(
      fc.property(json, value => {
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        const packed = msgpackFormat.write(value);
        const there = msgpackFormat.read(packed, FORMAT_LIMITS);
        const back = jsonFormat.read(jsonFormat.write(there), FORMAT_LIMITS);
        // MessagePack has a negative zero and JSON's writer has none.
        expect(back).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('says where a value has no form in JSON', () => {
    expect(faultOf(() => readMsgpack(packr.pack({ a: [2n ** 60n] })))).toBe('/a/0');
    expect(faultOf(() => readMsgpack(packr.pack({ a: Buffer.from('x') })))).toBe('/a');
    expect(faultOf(() => readMsgpack(packr.pack([Number.NaN])))).toBe('/0');
  });

  it('refuses timestamps, names twice, text that is not UTF-8, and what follows', () => {
    expect(faultOf(() => readMsgpack(packr.pack(new Date(0))))).toBe('');
    expect(faultOf(() => readMsgpack(Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2)))).toBe('');
    expect(faultOf(() => readMsgpack(Uint8Array.of(0xa2, 0xc3, 0x28)))).toBe('');
    expect(faultOf(() => readMsgpack(Uint8Array.of(0xd9, 1, 0xff)))).toBe('');
    expect(faultOf(() => readMsgpack(Uint8Array.of(0xc0, 0xc0)))).toBe('');
  });

  it('refuses depth, size and the name that decoders change', () => {
    expect(faultOf(() => readMsgpack(new Uint8Array(1_000).fill(0x91)))).toBe('');
    expect(
      faultOf(() => msgpackFormat.read(packr.pack('12345'), { bytesMax: 5, depthMax: 4 })),
    ).toBe('');
    expect(faultOf(() => msgpackFormat.write(readJson('{"__proto__":1}')))).toBe('');
  });

  it('throws nothing but faults, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), data => {
        faultOf(() => readMsgpack(data));
        faultOf(() => jsonFormat.read(data, FORMAT_LIMITS));
      }),
      { numRuns: 2_000 },
    );
  });
});
