/** `xingyun.v1+msgpack`: binary frames with MessagePack, whose bodies are bytes as they came. */
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import type { EventRecord } from '../../core/events.ts';
import { isShallowJson } from '../../core/json-depth.ts';
import { isPlainMessagePack } from '../../core/msgpack-guard.ts';
import { parseUntrustedJson } from '../../core/untrusted-json.ts';
import {
  type Answer,
  type Codec,
  contentType,
  type DecodedFrame,
  shownFields,
  UPSTREAM_ERROR,
  UPSTREAM_MESSAGE,
} from './codec.ts';
import { mediaType } from './media-type.ts';
import { type DecodedMessage, isPlainObject, type RpcId } from './rpc.ts';

/**
 * Records are off: they would let a sender define structures that outlive its message. And a member
 * `toJSON` in a problem of an upstream is not to be called.
 */
const OPTIONS = {
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'auto',
  useToJSON: false,
} as const;
const FIX_ARRAY = 0x90;
const FIX_ARRAY_MAX = 15;
const ARRAY_16 = 0xdc;

class MsgpackMessage implements DecodedMessage {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  body(): Uint8Array | undefined {
    const { body } = (this.value as { params: { body: unknown } }).params;
    // A copy: the frame's memory is not ours.
    if (body instanceof Uint8Array) return new Uint8Array(body);
    const text = jsonText(body);
    return text === undefined ? undefined : Buffer.from(text, 'utf8');
  }
}

export class MsgpackCodec implements Codec {
  readonly subprotocol = 'xingyun.v1+msgpack';
  readonly isBinary = true;
  private readonly batchMax: number;
  private readonly unpackr = new Unpackr(OPTIONS);
  private readonly packr = new Packr(OPTIONS);

  constructor(batchMax: number) {
    this.batchMax = batchMax;
  }

  decode(bytes: Uint8Array): DecodedFrame | undefined {
    if (!isPlainMessagePack(bytes)) return undefined;
    let value: unknown;
    try {
      value = this.unpackr.unpack(bytes);
    } catch {
      // What the guard lets through and the decoder does not take is no message either.
      return undefined;
    }
    if (!Array.isArray(value)) {
      return { batchLength: undefined, messages: [new MsgpackMessage(value)] };
    }
    const { length } = value;
    const taken = length > this.batchMax ? [] : value;
    return { batchLength: length, messages: taken.map(element => new MsgpackMessage(element)) };
  }

  encode(message: object): Uint8Array {
    return this.packr.pack(message);
  }

  encodeAnswer(id: RpcId, answer: Answer): Uint8Array {
    const { status, body } = answer;
    const type = contentType(answer.headers);
    if (status < 400) return this.encode({ jsonrpc: '2.0', id, result: shown(answer, type) });
    const problem = mediaType(type).isProblem ? parseObject(body) : undefined;
    const data = problem ?? shown(answer, type);
    const error = { code: UPSTREAM_ERROR, message: UPSTREAM_MESSAGE, data };
    return this.encode({ jsonrpc: '2.0', id, error });
  }

  encodeEvent(event: EventRecord, cursor: string): Uint8Array {
    const { topic, id, time } = event;
    const data = Buffer.from(event.data, 'utf8');
    return this.encode({
      jsonrpc: '2.0',
      method: 'event',
      params: { topic, cursor, id, time, data },
    });
  }

  joinBatch(parts: readonly Uint8Array[]): Uint8Array {
    const { length } = parts;
    const head =
      length <= FIX_ARRAY_MAX ? [FIX_ARRAY | length] : [ARRAY_16, length >> 8, length & 0xff];
    return Buffer.concat([Buffer.from(head), ...parts]);
  }
}

/** JSON without loss: nothing where the value holds what JSON has no word for. */
function jsonText(value: unknown): string | undefined {
  let isLossy = false;
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member === 'bigint') return rawJson(String(member));
    if (member instanceof Uint8Array) isLossy = true;
    else if (typeof member === 'number' && !Number.isFinite(member)) isLossy = true;
    return isLossy ? null : member;
  });
  return isLossy ? undefined : text;
}

/** Integers beyond 2^53 keep their digits. The typings do not have it yet. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function shown(answer: Answer, type: string): object {
  const { status, body } = answer;
  const headers = shownFields(answer, type, true);
  return {
    status,
    ...(headers === undefined ? {} : { headers }),
    ...(body.length === 0 ? {} : { body }),
  };
}

function parseObject(body: Uint8Array): object | undefined {
  if (!isShallowJson(body)) return undefined;
  // An upstream may label anything as a problem: it is shown as bytes then.
  const value = parseUntrustedJson(Buffer.from(body).toString('utf8'));
  return isPlainObject(value) ? value : undefined;
}
