/** Messages of a session, apart from how a subprotocol writes them. */

/** A body whose JSON text is sent, and digested, as it is. */
export class JsonText {
  readonly text: string;

  /** @throws SyntaxError where the text is not JSON */
  constructor(text: string) {
    JSON.parse(text);
    this.text = text;
  }
}

/** The body of a call: JSON text, or bytes with a media type of their own. */
export type MessageBody = string | Uint8Array<ArrayBuffer>;

export interface OutgoingMessage {
  /** Undefined for a notification. */
  readonly id: number | undefined;
  readonly method: string;
  /** Without the body; no member is undefined. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly body: MessageBody | undefined;
}

/** What the gateway sends, checked as far as JSON-RPC goes. */
export type IncomingMessage =
  | {
      readonly kind: 'answer';
      /** Null where the gateway could not read the message that it answers. */
      readonly id: unknown;
      readonly result: unknown;
      /** Undefined where there is a result. */
      readonly error: RpcError | undefined;
    }
  | {
      readonly kind: 'notification';
      readonly method: string;
      readonly params: Readonly<Record<string, unknown>>;
    };

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** A body as the caller gets it. */
export interface ShownBody {
  /** JSON as its value, text as a string, anything else as bytes; undefined where there is none. */
  readonly body: unknown;
  /** As the upstream sent it, where the subprotocol keeps it so: MessagePack. */
  readonly bytes: Uint8Array | undefined;
}

export interface EventData {
  readonly data: unknown;
  readonly bytes: Uint8Array | undefined;
}

export interface Codec {
  readonly subprotocol: string;
  encode(message: OutgoingMessage): string | Uint8Array;
  encodeBatch(messages: readonly OutgoingMessage[]): string | Uint8Array;
  /**
   * The messages of one frame.
   * @throws Error where it is none of the subprotocol
   */
  decode(data: string | Uint8Array): IncomingMessage[];
  /** @param holder a result or the data of an error, with its body in it */
  readBody(holder: Readonly<Record<string, unknown>>): ShownBody;
  /** The data of an event, with the bytes as they were published where they are kept. */
  readEventData(data: unknown): EventData;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What a decoded frame holds, one message or an array of them.
 * @throws Error where it is not JSON-RPC 2.0
 */
export function readMessages(value: unknown): IncomingMessage[] {
  return (Array.isArray(value) ? value : [value]).map(readMessage);
}

function readMessage(value: unknown): IncomingMessage {
  if (!isRecord(value)) throw new Error('a message is no object');
  const { method, params, id, error, result } = value;
  if (typeof method === 'string') {
    return { kind: 'notification', method, params: isRecord(params) ? params : {} };
  }
  if (id === undefined) throw new Error('a message has neither method nor id');
  if (error === undefined) return { kind: 'answer', id, result, error: undefined };
  if (!isRecord(error) || typeof error.code !== 'number') throw new Error('an error has no code');
  const { code, message, data } = error;
  const rpcError = { code, message: typeof message === 'string' ? message : '', data };
  return { kind: 'answer', id, result: undefined, error: rpcError };
}

/** The media type of a result's or error's body; `application/json` goes without saying. */
export function mediaTypeOf(holder: Readonly<Record<string, unknown>>): string {
  const headers = holder.headers;
  const type = isRecord(headers) ? headers['content-type'] : undefined;
  return typeof type === 'string' ? type : 'application/json';
}
