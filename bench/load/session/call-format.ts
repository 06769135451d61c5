/** Calls and answers of a session (docs/websocket.md) as bytes, in either subprotocol. */
import { Packr } from 'msgpackr/pack';
import { Unpackr } from 'msgpackr/unpack';
import type { Subprotocol } from '../../../src/core/sessions.ts';
import { OPCODE } from './client-frames.ts';

export type FormatName = 'json' | 'msgpack';

/** A call by HTTP method and path. */
export interface CallParams {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string;
}

export interface CallFormat {
  readonly subprotocol: Subprotocol;
  readonly opcode: number;
  encodeCall(id: number, params: CallParams): Buffer;
  /** A good answer as the gateway writes it; `body` is JSON text. */
  encodeAnswer(id: number, body: string): Buffer;
  /** Undefined where the bytes are no message. */
  decode(bytes: Buffer): unknown;
  /** The JSON text that a decoded result's body stands for. */
  bodyText(body: unknown): string | undefined;
  /** Bytes that an id takes: as many for each. */
  readonly idBytes: number;
  writeId(target: Buffer, at: number, id: number): void;
}

/** Ids count from here up to 2^32: ten digits each in JSON, five bytes each in MessagePack. */
export const FIRST_ID = 1_000_000_000;

const ID_DIGITS = 10;
const DIGIT_ZERO = 48;
const UINT_32 = 0xce;

class JsonFormat implements CallFormat {
  readonly subprotocol = 'xingyun.v1+json';
  readonly opcode = OPCODE.text;
  readonly idBytes = ID_DIGITS;

  encodeCall(id: number, { body, ...params }: CallParams): Buffer {
    const members = JSON.stringify(params);
    const whole = body === undefined ? members : `${members.slice(0, -1)},"body":${body}}`;
    return Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"call","params":${whole}}`);
  }

  encodeAnswer(id: number, body: string): Buffer {
    return Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{"status":200,"body":${body}}}`);
  }

  decode(bytes: Buffer): unknown {
    try {
      return JSON.parse(bytes.toString('utf8'));
    } catch {
      // No message: whoever asked counts it.
      return undefined;
    }
  }

  bodyText(body: unknown): string | undefined {
    return JSON.stringify(body);
  }

  writeId(target: Buffer, at: number, id: number): void {
    let left = id;
    for (let i = at + ID_DIGITS - 1; i >= at; i--) {
      target[i] = DIGIT_ZERO + (left % 10);
      left = Math.floor(left / 10);
    }
  }
}

class MsgpackFormat implements CallFormat {
  readonly subprotocol = 'xingyun.v1+msgpack';
  readonly opcode = OPCODE.binary;
  readonly idBytes = 5;
  private readonly packr = new Packr({ useRecords: false });
  private readonly unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });

  encodeCall(id: number, { body, ...params }: CallParams): Buffer {
    const bytes = body === undefined ? {} : { body: Buffer.from(body) };
    return this.pack({ jsonrpc: '2.0', id, method: 'call', params: { ...params, ...bytes } });
  }

  encodeAnswer(id: number, body: string): Buffer {
    return this.pack({ jsonrpc: '2.0', id, result: { status: 200, body: Buffer.from(body) } });
  }

  decode(bytes: Buffer): unknown {
    try {
      return this.unpackr.unpack(bytes);
    } catch {
      // No message: whoever asked counts it.
      return undefined;
    }
  }

  bodyText(body: unknown): string | undefined {
    return body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : undefined;
  }

  writeId(target: Buffer, at: number, id: number): void {
    target[at] = UINT_32;
    target.writeUInt32BE(id, at + 1);
  }

  /** A copy: the packer uses its memory again. */
  private pack(message: object): Buffer {
    return Buffer.from(this.packr.pack(message));
  }
}

export const CALL_FORMATS: Readonly<Record<FormatName, CallFormat>> = {
  json: new JsonFormat(),
  msgpack: new MsgpackFormat(),
};

/** Where the id stands in a message that was encoded with it. */
export function idOffset(format: CallFormat, message: Buffer, id: number): number {
  const bytes = Buffer.alloc(format.idBytes);
  format.writeId(bytes, 0, id);
  return message.indexOf(bytes);
}
