import fc from 'fast-check';
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import { describe, expect, it } from 'vitest';
import { MsgpackCodec } from '../../../src/data-plane/sessions/msgpack-codec.ts';
import { anAnswer, CONTENT_TYPES, describeCodec, type ShownAnswer } from './codec-contract.ts';

const codec = new MsgpackCodec(32);
const packr = new Packr({ useRecords: false, useToJSON: false });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
const write = (value: unknown) => new Uint8Array(packr.pack(value));

describeCodec({
  codec,
  write,
  read: frame => unpackr.unpack(new Uint8Array(frame)),
  bodyOf: ({ body }) => body as Uint8Array | undefined,
  dataOf: data => Buffer.from(data as Uint8Array).toString(),
});

const bodyOf = (value: unknown) =>
  codec.decode(write({ params: { body: value } }))!.messages[0]!.body();
const bodyText = (value: unknown) => Buffer.from(bodyOf(value)!).toString();

describe('a body in MessagePack', () => {
  it('that is binary is sent on as it is, also when its frame is overwritten', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), bytes => {
        const frame = write({ params: { body: bytes } });
        const body = codec.decode(frame)!.messages[0]!.body()!;
        frame.fill(0);
        expect(Buffer.from(body).equals(bytes)).toBe(true);
      }),
    );
  });

  it('keeps the digits of integers up to 64 bits', () => {
    for (const value of [2n ** 53n + 1n, 2n ** 64n - 1n, -(2n ** 63n), 7n]) {
      expect(bodyText({ amount: [value] })).toBe(`{"amount":[${value}]}`);
    }
  });

  it('that JSON has no word for is none', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Buffer.from('x')]) {
      expect(bodyOf({ deep: [value] })).toBeUndefined();
    }
    expect(bodyOf(Number.NaN)).toBeUndefined();
  });

  it('keeps names that objects of JavaScript treat as their own', () => {
    const text = '{"constructor":2,"toJSON":3,"hasOwnProperty":4,"":5}';
    expect(JSON.parse(bodyText(JSON.parse(text)))).toEqual(JSON.parse(text));
  });

  it('with the one name that the decoder would change is no message', () => {
    const frame = write({ params: { body: JSON.parse('{"__proto__":1}') } });
    expect(codec.decode(frame)).toBeUndefined();
  });
});

describe('an answer in MessagePack', () => {
  const body = Buffer.from('{ "n": 12345678901234567890.10 }');

  it('has the bytes of the upstream, whatever they are', () => {
    for (const type of CONTENT_TYPES) {
      const answer = anAnswer({ type, body });
      const read = unpackr.unpack(codec.encodeAnswer(1, answer)) as { result: ShownAnswer };
      expect(Buffer.from(read.result.body as Uint8Array).equals(body)).toBe(true);
    }
  });

  it('is a problem also where its members are named like what msgpackr calls', () => {
    const document = Buffer.from('{"constructor":1,"toJSON":2,"code":"x"}');
    const answer = anAnswer({ status: 400, type: 'application/problem+json', body: document });
    const read = unpackr.unpack(codec.encodeAnswer(1, answer)) as { error: { data: object } };
    expect(JSON.stringify(read.error.data)).toBe(document.toString());
  });

  it('has them as binary and not as an extension', () => {
    for (const bytes of [body, new Uint8Array(body)]) {
      const frame = codec.encodeAnswer(1, anAnswer({ body: bytes }));
      expect(Buffer.from(frame).includes(Buffer.from([0xc4, body.length, ...body]))).toBe(true);
    }
  });
});

describe('a frame of MessagePack', () => {
  it('with an extension, a name that is no string or too much depth is nothing', () => {
    const deep = Buffer.concat([Buffer.alloc(70, 0x91), Buffer.from([0xc0])]);
    const frames = [
      Buffer.from([0xd4, 1, 0]),
      Buffer.from([0x81, 1, 2]),
      deep,
      packr.pack(new Date(0)),
      new Packr({ useRecords: true }).pack({ jsonrpc: '2.0', id: 1, method: 'call' }),
    ];
    for (const frame of frames) expect(codec.decode(frame)).toBeUndefined();
  });

  it('leaves nothing behind that changes how the next one is read', () => {
    const records = new Packr({ useRecords: true, structures: [] });
    const message = { jsonrpc: '2.0', id: 1, method: 'call' };
    for (let i = 0; i < 3; i++) {
      expect(codec.decode(new Uint8Array(records.pack(message)))).toBeUndefined();
      expect(codec.decode(write(message))!.messages[0]!.value).toEqual(message);
    }
  });
});
