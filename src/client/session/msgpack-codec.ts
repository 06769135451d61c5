/** `xingyun.v1+msgpack`: binary frames with MessagePack, bodies as the bytes that they are. */
// Not from 'msgpackr' itself: that would load a native part where one is installed.
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import {
  type Codec,
  type EventData,
  type IncomingMessage,
  mediaTypeOf,
  type OutgoingMessage,
  readMessages,
  type ShownBody,
} from './codec.ts';

/** Records are off: the gateway does not speak them. */
const OPTIONS = { useRecords: false, mapsAsObjects: true } as const;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json *(?:;|$)/i;
const TEXT_TYPE = /^(?:text\/|application\/(?:[\w.-]+\+)?xml *(?:;|$))/i;

export class MsgpackCodec implements Codec {
  readonly subprotocol = 'xingyun.v1+msgpack';
  private readonly packr = new Packr(OPTIONS);
  private readonly unpackr = new Unpackr(OPTIONS);

  encode(message: OutgoingMessage): Uint8Array {
    return this.packr.pack(plain(message));
  }

  encodeBatch(messages: readonly OutgoingMessage[]): Uint8Array {
    return this.packr.pack(messages.map(plain));
  }

  decode(data: string | Uint8Array): IncomingMessage[] {
    if (typeof data === 'string') throw new Error('a text frame on a MessagePack session');
    return readMessages(this.unpackr.unpack(data));
  }

  readBody(holder: Readonly<Record<string, unknown>>): ShownBody {
    const { body } = holder;
    if (!(body instanceof Uint8Array)) return { body, bytes: undefined };
    const type = mediaTypeOf(holder);
    if (JSON_TYPE.test(type)) return { body: parseOrText(decodeText(body)), bytes: body };
    return { body: TEXT_TYPE.test(type) ? decodeText(body) : body, bytes: body };
  }

  readEventData(data: unknown): EventData {
    if (!(data instanceof Uint8Array)) return { data, bytes: undefined };
    return { data: parseOrText(decodeText(data)), bytes: data };
  }
}

/** A member that is undefined would become an extension, which the gateway refuses. */
function plain({ id, method, params, body }: OutgoingMessage): object {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const whole = bytes === undefined ? params : { ...params, body: bytes };
  return id === undefined
    ? { jsonrpc: '2.0', method, params: whole }
    : { jsonrpc: '2.0', id, method, params: whole };
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Labelled as JSON by the upstream and is none: shown as it came.
    return text;
  }
}
