/** `xingyun.v1+json`: text frames with JSON. */
import { isUtf8 } from 'node:buffer';
import type { EventRecord } from '../../core/events.ts';
import { isShallowJson } from '../../core/json-depth.ts';
import {
  type Answer,
  asBuffer,
  type Codec,
  contentType,
  type DecodedFrame,
  shownFields,
  UPSTREAM_ERROR,
  UPSTREAM_MESSAGE,
} from './codec.ts';
import { elementStarts, memberSpan } from './json-spans.ts';
import { mediaType } from './media-type.ts';
import { type DecodedMessage, isPlainObject, type RpcId } from './rpc.ts';

const OPENING_BRACKET = /^[ \t\r\n]*\[/;
const SCRATCH_BYTES = 65_536;
/** UTF-8 of one UTF-16 unit, at most. */
const CHAR_MAX_BYTES = 3;

class JsonMessage implements DecodedMessage {
  readonly value: unknown;
  private readonly text: string;
  private readonly at: number;

  constructor(value: unknown, text: string, at: number) {
    this.value = value;
    this.text = text;
    this.at = at;
  }

  body(): Uint8Array {
    const params = memberSpan(this.text, this.at, 'params');
    const body = params && memberSpan(this.text, params.from, 'body');
    if (body === undefined) throw new Error('the message has no params.body');
    return Buffer.from(this.text.slice(body.from, body.to), 'utf8');
  }
}

export class JsonCodec implements Codec {
  readonly subprotocol = 'xingyun.v1+json';
  readonly isBinary = false;
  private readonly batchMax: number;
  private readonly scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

  constructor(batchMax: number) {
    this.batchMax = batchMax;
  }

  /** uWebSockets.js has made sure that a text frame is UTF-8 (RFC 6455 section 8.1). */
  decode(bytes: Uint8Array): DecodedFrame | undefined {
    if (!isShallowJson(bytes)) return undefined;
    const text = asBuffer(bytes).toString('utf8');
    const value = parse(text);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !OPENING_BRACKET.test(text)) {
      return { batchLength: undefined, messages: [new JsonMessage(value, text, 0)] };
    }
    if (value.length > this.batchMax) return { batchLength: value.length, messages: [] };
    const starts = elementStarts(text, 0);
    const messages = value.map((element, i) => new JsonMessage(element, text, starts[i]!));
    return { batchLength: value.length, messages };
  }

  encode(message: object): Uint8Array {
    return this.write(JSON.stringify(message));
  }

  encodeAnswer(id: RpcId, answer: Answer): Uint8Array {
    const { status, body } = answer;
    const type = contentType(answer.headers);
    const { isJson: isLabelled, isProblem } = mediaType(type);
    const value = isLabelled ? jsonValue(body) : undefined;
    const isJson = value !== undefined;
    const opening = `{"jsonrpc":"2.0","id":${JSON.stringify(id)}`;
    if (status >= 400 && isProblem && isPlainObject(value)) {
      const error = `,"error":{"code":${UPSTREAM_ERROR},"message":"${UPSTREAM_MESSAGE}","data":`;
      return this.write(opening + error, body, '}}');
    }
    const fields = shownFields(answer, type, isJson);
    let shown = `{"status":${status}`;
    if (fields !== undefined) shown += `,"headers":${JSON.stringify(fields)}`;
    const before =
      status >= 400
        ? `${opening},"error":{"code":${UPSTREAM_ERROR},"message":"${UPSTREAM_MESSAGE}","data":`
        : `${opening},"result":`;
    const after = status >= 400 ? '}}}' : '}}';
    if (isJson) return this.write(`${before}${shown},"body":`, body, after);
    return this.write(`${before}${shown}${shownBody(type, body)}${after}`);
  }

  encodeEvent({ topic, id, time, data }: EventRecord, cursor: string): Uint8Array {
    const names = JSON.stringify({ topic, cursor, id, time }).slice(0, -1);
    return this.write(`{"jsonrpc":"2.0","method":"event","params":${names},"data":${data}}}`);
  }

  joinBatch(parts: readonly Uint8Array[]): Uint8Array {
    const pieces: Uint8Array[] = [];
    for (const part of parts) pieces.push(pieces.length === 0 ? OPEN : COMMA, part);
    pieces.push(CLOSE);
    return Buffer.concat(pieces);
  }

  /** The native part copies what it is given, so all frames are put down in one place. */
  private write(before: string, body?: Uint8Array, after = ''): Uint8Array {
    const bodyBytes = body === undefined ? 0 : body.length;
    const needed = (before.length + after.length) * CHAR_MAX_BYTES + bodyBytes;
    const target = needed <= this.scratch.length ? this.scratch : Buffer.allocUnsafe(needed);
    let at = target.write(before, 0, 'utf8');
    if (body !== undefined) {
      target.set(body, at);
      at += bodyBytes;
    }
    at += target.write(after, at, 'utf8');
    return target.subarray(0, at);
  }
}

const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Undefined is no value of JSON: it says that there is none.
    return undefined;
  }
}

/**
 * What is put into a frame as it is must be JSON, or the frame would be none, or another one. Read
 * as latin1, which costs no decoding: bytes beyond ASCII can stand in strings only.
 */
function jsonValue(body: Uint8Array): unknown {
  if (body.length === 0 || !isUtf8(body)) return undefined;
  return parse(asBuffer(body).toString('latin1'));
}

/**
 * The member with a body that is not JSON, from its comma on; nothing for an empty one. What only
 * claims to be JSON is no text: as a string it would be taken for JSON that is a string.
 */
function shownBody(type: string, body: Uint8Array): string {
  if (body.length === 0) return '';
  const bytes = asBuffer(body);
  const isText = mediaType(type).isText && isUtf8(bytes);
  if (isText) return `,"body":${JSON.stringify(bytes.toString('utf8'))}`;
  return `,"bodyBase64":"${bytes.toString('base64')}"`;
}
