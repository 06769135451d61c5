import { describe, expect, it } from 'vitest';
import { CallAnswers } from '../../../../bench/load/session/call-answers.ts';
import {
  CALL_FORMATS,
  FIRST_ID,
  type FormatName,
} from '../../../../bench/load/session/call-format.ts';
import { PreparedCalls } from '../../../../bench/load/session/call-source.ts';
import { UPSTREAM_BODY } from '../../../../bench/rig/upstream.ts';
import type { Answer, Codec } from '../../../../src/data-plane/sessions/codec.ts';
import { JsonCodec } from '../../../../src/data-plane/sessions/json-codec.ts';
import { MsgpackCodec } from '../../../../src/data-plane/sessions/msgpack-codec.ts';
import { FrameParser } from '../../../support/frame-codec.ts';

const CODECS: Readonly<Record<FormatName, Codec>> = {
  json: new JsonCodec(32),
  msgpack: new MsgpackCodec(32),
};
const NAMES = Object.keys(CODECS) as FormatName[];
const POST = { method: 'POST', path: '/bench/v1/orders', body: '{"note":"nn"}' };
const ID = FIRST_ID + 7;

function answerOf(name: FormatName, answer: Partial<Answer>, id: number | string = ID): Buffer {
  const headers = ['content-type', 'application/json'];
  const whole = { status: 200, headers, body: Buffer.from(UPSTREAM_BODY), timing: '', ...answer };
  return Buffer.from(CODECS[name].encodeAnswer(id, whole));
}

function faultOf(name: FormatName, message: Buffer): string | undefined {
  const answers = new CallAnswers(CALL_FORMATS[name], UPSTREAM_BODY);
  const behind = Buffer.concat([Buffer.from('head'), message, Buffer.from('tail')]);
  return answers.faultOf(behind, 4, message.length, ID);
}

const json = (message: object) => Buffer.from(JSON.stringify(message));

describe.each(NAMES)('calls in %s', name => {
  const format = CALL_FORMATS[name];

  it('are built ahead, and read by the gateway with an id each', () => {
    const calls = new PreparedCalls(format, POST);
    const seen = Array.from({ length: 200 }, () => {
      const [frame] = new FrameParser().push(calls.next());
      const decoded = CODECS[name].decode(frame!.payload)!.messages[0]!;
      expect(Buffer.from(decoded.body()!).toString()).toBe(POST.body);
      const { id, method, params } = decoded.value as Record<string, Record<string, string>>;
      expect({ id, method }).toEqual({ id: calls.id, method: 'call' });
      expect(params).toMatchObject({ method: 'POST', path: POST.path });
      return id;
    });
    expect(new Set(seen).size).toBe(200);
  });

  it('are answered as it is known ahead, byte for byte', () => {
    expect(format.encodeAnswer(ID, UPSTREAM_BODY).equals(answerOf(name, {}))).toBe(true);
    expect(faultOf(name, answerOf(name, {}))).toBeUndefined();
  });

  it('take a good answer that is written in another way', () => {
    const headers = ['content-type', 'application/json', 'etag', '"1"'];
    expect(faultOf(name, answerOf(name, { headers }))).toBeUndefined();
  });

  it.each([
    ['wrong-answer', { body: Buffer.from('{}') }],
    ['status-201', { status: 201 }],
    ['status-503', { status: 503 }],
  ])('tell %s', (kind, answer) => {
    expect(faultOf(name, answerOf(name, answer))).toBe(kind);
  });

  it('tell an answer to another call', () => {
    expect(faultOf(name, answerOf(name, {}, ID + 1))).toBe('wrong-id');
    expect(faultOf(name, answerOf(name, {}, String(ID)))).toBe('wrong-id');
  });

  it('do not take noise for an answer', () => {
    expect(faultOf(name, Buffer.of(0xc1, 1, 2))).toBe('malformed-answer');
    expect(faultOf(name, Buffer.alloc(0))).toBe('malformed-answer');
  });
});

describe('errors of calls', () => {
  const refusal = (id: number | null, data: object | undefined) =>
    json({ jsonrpc: '2.0', id, error: { code: -32_000, message: 'm', data } });

  it('are of the kind that the problem names, or the code of JSON-RPC', () => {
    expect(faultOf('json', refusal(ID, { code: 'rate-limited', status: 429 }))).toBe(
      'rate-limited',
    );
    expect(faultOf('json', refusal(ID, { code: '<b>', status: 429 }))).toBe('status-429');
    expect(faultOf('json', refusal(ID, undefined))).toBe('rpc--32000');
  });

  it('have no id where the gateway could not read one', () => {
    expect(faultOf('json', refusal(null, { code: 'malformed-request' }))).toBe('malformed-request');
    expect(faultOf('json', refusal(1, { code: 'malformed-request' }))).toBe('wrong-id');
  });

  it.each([
    ['a notification', { jsonrpc: '2.0', method: 'goaway', params: {} }],
    ['a result beside an error', { jsonrpc: '2.0', id: ID, result: {}, error: {} }],
    ['another version', { jsonrpc: '1.0', id: ID, result: { status: 200 } }],
    ['a batch', [{ jsonrpc: '2.0', id: ID, result: { status: 200 } }]],
  ])('are no answer: %s', (_, message) => {
    expect(faultOf('json', json(message))).toBe('malformed-answer');
  });
});
