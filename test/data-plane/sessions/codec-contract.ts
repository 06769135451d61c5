/** What both subprotocols promise, as tests. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventRecord } from '../../../src/core/events.ts';
import { PROBLEM_NAMES, PROBLEMS, problem } from '../../../src/core/problems.ts';
import { type Answer, type Codec, errorMessage } from '../../../src/data-plane/sessions/codec.ts';
import { RPC_ERROR, type RpcId } from '../../../src/data-plane/sessions/rpc.ts';

/** One subprotocol with a client's side of it, made by somebody else. */
export interface CodecDriver {
  readonly codec: Codec;
  write(value: unknown): Uint8Array;
  /** Throws where the frame is no message. */
  read(frame: Uint8Array): unknown;
  /** The bytes that a client takes for the body of this result or error data; JSON as its text. */
  bodyOf(shown: ShownAnswer): Uint8Array | undefined;
  /** The JSON text that a client takes for the data of an event. */
  dataOf(data: unknown): string;
}

export interface ShownAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly bodyBase64?: string;
}

interface ReadAnswer {
  readonly jsonrpc: string;
  readonly id: RpcId;
  readonly result?: ShownAnswer;
  readonly error?: { readonly code: number; readonly message: string; readonly data: ShownAnswer };
}

export const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/vnd.bank.v2+json',
  'application/problem+json',
  'text/plain',
  'text/csv; charset=utf-8',
  'application/xml',
  'application/soap+xml',
  'application/octet-stream',
  'application/jsonp',
  'image/png',
  '',
] as const;

export function anAnswer(overrides: Partial<Answer> & { type?: string } = {}): Answer {
  const { type = 'application/json', headers = [], ...rest } = overrides;
  const typed = type === '' ? headers : ['content-type', type, ...headers];
  return { status: 200, body: Buffer.from('{"a":1}'), timing: '', ...rest, headers: typed };
}

const anyId = fc.oneof(fc.string({ maxLength: 64 }), fc.maxSafeInteger());
/** Without -0, which JSON.stringify does not keep, and the one name that msgpackr changes. */
const wholeJson = fc
  .jsonValue({ maxDepth: 4 })
  // And no backslash in a name: see core/backslash-names.ts.
  .map(value => JSON.stringify(value).replaceAll('__proto__', 'proto').replaceAll('\\\\', 'b'))
  .map(text => JSON.parse(text) as unknown);
/** Bodies of which some are JSON, some nearly, and most are nothing. */
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 60, size: 'max' }).map(bytes => Buffer.from(bytes)),
  wholeJson.map(value => Buffer.from(JSON.stringify(value))),
  fc
    .tuple(wholeJson, fc.constantFrom('}', '"', ',', ']]}', '\u0000', '{"id":7}', ' '))
    .map(([value, more]) => Buffer.from(JSON.stringify(value) + more)),
  fc.string({ maxLength: 60, unit: 'binary' }).map(text => Buffer.from(text)),
  fc.constantFrom('', ' ', 'null', '\ufeff{}', '"\u2028"', '{"a":1').map(text => Buffer.from(text)),
);

export function describeCodec(driver: CodecDriver): void {
  const { codec } = driver;
  const decode = (value: unknown) => codec.decode(driver.write(value));
  const readAnswer = (id: RpcId, answer: Answer) =>
    driver.read(codec.encodeAnswer(id, answer)) as ReadAnswer;

  describe(`${codec.subprotocol}: a frame from a client`, () => {
    it('is one message, whatever JSON it holds', () => {
      fc.assert(
        fc.property(wholeJson, value => {
          fc.pre(!Array.isArray(value));
          const frame = decode(value)!;
          expect(frame.batchLength).toBeUndefined();
          expect(frame.messages.map(message => message.value)).toEqual([value]);
        }),
      );
    });

    it('is a batch where it is an array, and a batch in it is none', () => {
      fc.assert(
        fc.property(fc.array(wholeJson, { maxLength: 20, size: 'max' }), values => {
          const frame = decode(values)!;
          expect(frame.batchLength).toBe(frame.messages.length);
          expect(frame.messages.map(message => message.value)).toEqual(values);
        }),
      );
    });

    it('that holds no message is nothing, and no bytes make it throw', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 60, size: 'max' }), bytes => {
          const frame = codec.decode(bytes);
          if (frame === undefined) return;
          expect(driver.read(bytes)).toEqual(
            frame.batchLength !== undefined
              ? frame.messages.map(({ value }) => value)
              : frame.messages[0]!.value,
          );
        }),
        { numRuns: 3_000 },
      );
      expect(codec.decode(new Uint8Array(0))).toBeUndefined();
    });

    it('that is cut off is nothing', () => {
      const whole = driver.write({
        jsonrpc: '2.0',
        id: 1,
        method: 'call',
        params: { body: [1.5] },
      });
      for (let end = 0; end < whole.length; end++) {
        expect(codec.decode(whole.subarray(0, end))).toBeUndefined();
      }
    });

    it('has the body of each message as JSON of the same value', () => {
      const bodies = fc.array(wholeJson, { minLength: 1, maxLength: 5 });
      fc.assert(
        fc.property(bodies, fc.boolean(), (values, isBatch) => {
          const messages = values.map(body => ({ id: 'a "b"', params: { x: { body: 0 }, body } }));
          const frame = decode(isBatch ? messages : messages[0])!;
          const sent = frame.messages.map(one => JSON.parse(Buffer.from(one.body()!).toString()));
          expect(sent).toEqual(isBatch ? values : [values[0]]);
        }),
      );
    });

    it('may be overwritten when it was decoded', () => {
      const bytes = driver.write({ params: { body: { text: '星云', deep: ['x'] } } });
      const frame = codec.decode(bytes)!;
      const body = frame.messages[0]!.body()!;
      bytes.fill(0xff);
      expect(JSON.parse(Buffer.from(body).toString())).toEqual({ text: '星云', deep: ['x'] });
    });
  });

  describe(`${codec.subprotocol}: what the gateway says itself`, () => {
    it('is read by a client as it was meant', () => {
      fc.assert(
        fc.property(anyId, wholeJson, (id, result) => {
          const message = { jsonrpc: '2.0', id, result };
          expect(driver.read(codec.encode(message))).toEqual(message);
        }),
      );
    });

    it('has every problem with its code, and when to repeat the call', () => {
      for (const name of PROBLEM_NAMES) {
        const refusal = problem(name, 'Because.');
        const message = errorMessage('id', RPC_ERROR.refused, refusal, 'request-1');
        const { title, status, ...rest } = PROBLEMS[name];
        const retry = 'retryAfterSeconds' in rest && { retryAfterSeconds: rest.retryAfterSeconds };
        expect(driver.read(codec.encode(message))).toEqual({
          jsonrpc: '2.0',
          id: 'id',
          error: {
            code: -32_000,
            message: title,
            data: {
              type: `/problems/${name}`,
              title,
              status,
              code: name,
              detail: 'Because.',
              requestId: 'request-1',
              ...retry,
            },
          },
        });
      }
    });

    it('is an error with id null where the id is not known', () => {
      const message = errorMessage(
        null,
        RPC_ERROR.parse,
        problem('malformed-request', 'No.'),
        undefined,
      );
      expect(driver.read(codec.encode(message))).toMatchObject({
        id: null,
        error: { code: -32_700 },
      });
    });
  });

  describe(`${codec.subprotocol}: an answer`, () => {
    it('is one whole message with the same status and body, whatever the upstream sent', () => {
      const type = fc.constantFrom(...CONTENT_TYPES);
      const status = fc.constantFrom(200, 201, 204, 304, 400, 404, 500);
      fc.assert(
        fc.property(anyId, type, status, anyBody, (id, type, status, body) => {
          const read = readAnswer(id, anAnswer({ type, status, body }));
          const outcome = status < 400 ? 'result' : 'error';
          expect(Object.keys(read)).toEqual(['jsonrpc', 'id', outcome]);
          expect([read.jsonrpc, read.id]).toEqual(['2.0', id]);
          if (read.error !== undefined) expect(read.error.code).toBe(RPC_ERROR.upstream);
          const shown = status < 400 ? read.result! : read.error!.data;
          if (isProblemDocument(type, status, body)) {
            expect(shown).toEqual(JSON.parse(body.toString()));
            return;
          }
          expect(shown.status).toBe(status);
          expectSameBody(driver.bodyOf(shown), body);
        }),
        { numRuns: 3_000 },
      );
    });

    it('names the content type unless it is plain JSON', () => {
      for (const type of CONTENT_TYPES) {
        const { result } = readAnswer(1, anAnswer({ type }));
        const shown = /^application\/json/i.test(type) && type !== 'application/jsonp' ? '' : type;
        expect(result!.headers?.['content-type'] ?? '').toBe(shown);
      }
    });

    it('shows the fields that its reader can use and no other', () => {
      const headers = [
        ...['etag', '"v1"', 'content-length', '7', 'set-cookie', 'a=b', 'x-internal', 'secret'],
        ...['link', '</a>; rel="next"', 'retry-after', '3', 'link', '</b>; rel="prev"'],
        ...['server', 'core-banking', 'connection', 'close', 'vary', 'accept'],
      ];
      const { result } = readAnswer(1, anAnswer({ headers, timing: 'verify;dur=0.1' }));
      expect(result!.headers).toEqual({
        etag: '"v1"',
        link: '</a>; rel="next", </b>; rel="prev"',
        'retry-after': '3',
        vary: 'accept',
        'server-timing': 'verify;dur=0.1',
      });
      expect(readAnswer(1, anAnswer()).result).not.toHaveProperty('headers');
    });

    it('without a body has none', () => {
      for (const type of CONTENT_TYPES) {
        const { result } = readAnswer(1, anAnswer({ type, status: 204, body: new Uint8Array(0) }));
        expect(driver.bodyOf(result!)).toBeUndefined();
      }
    });

    it('with a problem document is an error with that document alone', () => {
      const document = { type: '/p', status: 409, code: 'x', detail: '余额不足', deep: { a: [1] } };
      const body = Buffer.from(JSON.stringify(document));
      const type = 'application/problem+json; charset=utf-8';
      expect(readAnswer('a', anAnswer({ status: 409, type, body })).error).toEqual({
        code: RPC_ERROR.upstream,
        message: expect.any(String),
        data: document,
      });
    });

    it('with a problem that is no object is an error with status and body', () => {
      for (const text of ['null', '[1]', '"x"', ' 7']) {
        const body = Buffer.from(text);
        const type = 'application/problem+json';
        const { error } = readAnswer('a', anAnswer({ status: 409, type, body }));
        expect(error!.data, text).toMatchObject({ status: 409, headers: { 'content-type': type } });
        expectSameBody(driver.bodyOf(error!.data), body);
      }
    });

    it('as large as an answer may be is whole', () => {
      const body = Buffer.from(JSON.stringify({ text: '星'.repeat(400_000) }));
      expectSameBody(driver.bodyOf(readAnswer('a', anAnswer({ body })).result!), body);
      const small = Buffer.from('{"after":"it"}');
      expectSameBody(driver.bodyOf(readAnswer('b', anAnswer({ body: small })).result!), small);
    });
  });

  describe(`${codec.subprotocol}: a batch of answers`, () => {
    it('holds each of them in its order', () => {
      const answers = fc.array(fc.tuple(anyId, anyBody), {
        minLength: 1,
        maxLength: 40,
        size: 'max',
      });
      fc.assert(
        fc.property(answers, pairs => {
          const parts = pairs.map(([id, body]) => {
            return new Uint8Array(codec.encodeAnswer(id, anAnswer({ body })));
          });
          const read = driver.read(codec.joinBatch(parts));
          expect(read).toEqual(parts.map(part => driver.read(part)));
        }),
        { numRuns: 200 },
      );
    });
  });

  describe(`${codec.subprotocol}: an event`, () => {
    it('is a notification with the data as they were published', () => {
      const event: EventRecord = {
        sequence: 42,
        topic: 'transfer-status',
        partnerId: 'nebula-pay',
        id: 'trf-7:"完成"',
        time: '2026-11-26T01:00:00.000Z',
        data: '{ "amount": 12345678901234567890.10, "text": "\\u2028星" }',
      };
      const read = driver.read(codec.encodeEvent(event, '5f0c2b1a.42')) as {
        params: { data: unknown };
      };
      const { data, ...params } = read.params;
      expect({ ...read, params }).toEqual({
        jsonrpc: '2.0',
        method: 'event',
        params: {
          topic: 'transfer-status',
          cursor: '5f0c2b1a.42',
          id: 'trf-7:"完成"',
          time: '2026-11-26T01:00:00.000Z',
        },
      });
      expect(JSON.parse(driver.dataOf(data))).toEqual(JSON.parse(event.data));
    });
  });
}

function isProblemDocument(type: string, status: number, body: Buffer): boolean {
  if (status < 400 || type !== 'application/problem+json') return false;
  const value = jsonOf(body);
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Undefined where the bytes are no JSON in UTF-8. */
function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return undefined;
  }
}

/** JSON of the same value, or else the same bytes. */
function expectSameBody(read: Uint8Array | undefined, sent: Uint8Array): void {
  if (sent.length === 0) return expect(read).toBeUndefined();
  const value = jsonOf(sent);
  if (value === undefined) expect(Buffer.from(read!).equals(sent)).toBe(true);
  else expect(jsonOf(read!)).toEqual(value);
}
