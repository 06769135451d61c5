import { describe, expect, it } from 'vitest';
import { JsonCodec } from '../../../src/data-plane/sessions/json-codec.ts';
import { anAnswer, CONTENT_TYPES, describeCodec, type ShownAnswer } from './codec-contract.ts';

const codec = new JsonCodec(32);
const text = (frame: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(frame);
const bodies = (source: string) =>
  codec
    .decode(Buffer.from(source))!
    .messages.map(message => Buffer.from(message.body()!).toString());

const JSON_TYPE = /^application\/([\w.-]+\+)?json *(;|$)/i;

/** By the content type a client knows text from JSON that is a string. */
function bodyOf({ headers, body, bodyBase64 }: ShownAnswer): Uint8Array | undefined {
  if (bodyBase64 !== undefined) return Buffer.from(bodyBase64, 'base64');
  if (body === undefined) return undefined;
  const type = headers?.['content-type'] ?? 'application/json';
  return Buffer.from(JSON_TYPE.test(type) ? JSON.stringify(body) : (body as string));
}

describeCodec({
  codec,
  write: value => Buffer.from(JSON.stringify(value)),
  read: frame => JSON.parse(text(frame)),
  bodyOf,
  dataOf: data => JSON.stringify(data),
});

describe('a body in JSON', () => {
  it('is sent on exactly as it was written', () => {
    const body = '{ "amount" : 12345678901234567890.10, "a": "\\u661f",\n"a" : [ ] }';
    expect(bodies(`{"params":{"body":${body},"path":{}}}`)).toEqual([body]);
    expect(bodies(`[{"params":{"body":1.0}},\n {"params":{"body":${body} }} ]`)).toEqual([
      '1.0',
      body,
    ]);
  });

  it('is that of the last of two members with its name, as the rest of the message is', () => {
    expect(bodies('{"params":{"body":1},"params":{"body":2,"body":3}}')).toEqual(['3']);
  });

  it('may be null', () => {
    expect(bodies('{"params":{"body":null}}')).toEqual(['null']);
  });
});

describe('a name with a backslash', () => {
  it('is refused, for it would have names of other messages mistaken for it', () => {
    const spoiling = String.raw`{"method":"a.b","\\u":0}`;
    const escaped = String.raw`{"method":"a.b","\u91d1\u989d":2}`;
    expect(codec.decode(Buffer.from(spoiling))).toBeUndefined();
    const [message] = codec.decode(Buffer.from(escaped))!.messages;
    expect(message!.value).toEqual({ method: 'a.b', 金额: 2 });
  });
});

describe('an answer in JSON', () => {
  const shown = (overrides: Parameters<typeof anAnswer>[0]) =>
    text(codec.encodeAnswer(1, anAnswer(overrides)));

  it('has the bytes of the upstream where they are JSON, so that no number loses a digit', () => {
    const body = '{ "n": 12345678901234567890.10, "n": 1e400, "s": "\\u661f" }';
    expect(shown({ body: Buffer.from(body) })).toBe(
      `{"jsonrpc":"2.0","id":1,"result":{"status":200,"body":${body}}}`,
    );
    expect(shown({ status: 500, body: Buffer.from(body) })).toContain(`"body":${body}}}}`);
  });

  it('shows in base64 what only claims to be JSON', () => {
    const invalid = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const texts = ['{"a":1}}', '{"a":1},"id":7', '{', 'NaN', '\ufeff{}', "{'a':1}", 'plain'];
    for (const body of [invalid, ...texts.map(one => Buffer.from(one))]) {
      const read = JSON.parse(shown({ body })) as { result: ShownAnswer };
      expect(read.result).toEqual({
        status: 200,
        headers: { 'content-type': 'application/json' },
        bodyBase64: body.toString('base64'),
      });
    }
  });

  it('shows text as text and anything else in base64', () => {
    const body = Buffer.from('<a>星</a>');
    for (const type of CONTENT_TYPES) {
      const { result } = JSON.parse(shown({ type, body })) as { result: ShownAnswer };
      const isText = /^text\/|xml$/.test(type);
      expect('body' in result, type).toBe(isText);
      expect('bodyBase64' in result, type).toBe(!isText);
    }
  });
});
