/** What the two subprotocols have in common: how messages become bytes and back. */
import type { EventRecord } from '../../core/events.ts';
import { type Problem, problemMembers } from '../../core/problems.ts';
import type { Subprotocol } from '../../core/sessions.ts';
import { mediaType } from './media-type.ts';
import { type DecodedMessage, RPC_ERROR, type RpcErrorCode, type RpcId } from './rpc.ts';

/** What came of a call that reached its upstream. */
export interface Answer {
  readonly status: number;
  /** Flat name, value pairs, as the upstream sent them. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  /** The value of Server-Timing, or '' where it was not asked for. */
  readonly timing: string;
}

export interface DecodedFrame {
  /** Undefined for a message that stands alone. */
  readonly batchLength: number | undefined;
  /** None of a batch that is longer than batchMax. */
  readonly messages: readonly DecodedMessage[];
}

/**
 * One subprotocol. What the encoders return is good until the next one is called: it lies in
 * memory that is used again.
 */
export interface Codec {
  readonly subprotocol: Subprotocol;
  /** Whether its frames are binary ones (RFC 6455 section 5.6). */
  readonly isBinary: boolean;
  /** Undefined where the bytes are no message. `bytes` must not be kept. */
  decode(bytes: Uint8Array): DecodedFrame | undefined;
  /** Any message that is made here and small: results of subscriptions, notifications. */
  encode(message: object): Uint8Array;
  /** The answer to a call: a result, or an error where the status is 400 or more. */
  encodeAnswer(id: RpcId, answer: Answer): Uint8Array;
  encodeEvent(event: EventRecord, cursor: string): Uint8Array;
  /** An array of messages that are encoded already. */
  joinBatch(parts: readonly Uint8Array[]): Uint8Array;
}

/** The answer fields that a caller is told, content-type aside. */
const SHOWN_FIELDS = new Set([
  'content-encoding',
  'content-language',
  'content-location',
  'content-range',
  'deprecation',
  'etag',
  'idempotent-replayed',
  'last-modified',
  'link',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'sunset',
  'vary',
]);

/** The same bytes as a Buffer, which they mostly are: making another one costs 0.1 µs. */
export function asBuffer(bytes: Uint8Array): Buffer {
  if (bytes instanceof Buffer) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function contentType(headers: readonly string[]): string {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === 'content-type') return headers[i + 1]!;
  }
  return '';
}

/**
 * The fields to show, or undefined where there are none. `application/json` goes without saying
 * where the body is shown as JSON.
 */
export function shownFields(answer: Answer, type: string, isJsonShown: boolean) {
  const { headers, timing } = answer;
  let fields: Record<string, string> | undefined;
  const add = (name: string, value: string) => {
    fields ??= {};
    const before = fields[name];
    fields[name] = before === undefined ? value : `${before}, ${value}`;
  };
  if (type !== '' && !(isJsonShown && mediaType(type).isPlainJson)) add('content-type', type);
  for (let i = 0; i < headers.length; i += 2) {
    if (SHOWN_FIELDS.has(headers[i]!)) add(headers[i]!, headers[i + 1]!);
  }
  if (timing !== '') add('server-timing', timing);
  return fields;
}

/** The error object of JSON-RPC for one of our problems. */
export function errorMessage(
  id: RpcId | null,
  code: RpcErrorCode,
  refusal: Problem,
  requestId: string | undefined,
): object {
  const data: Record<string, unknown> = problemMembers(refusal);
  if (requestId !== undefined) data.requestId = requestId;
  const { retryAfterSeconds } = refusal;
  if (retryAfterSeconds !== undefined) data.retryAfterSeconds = retryAfterSeconds;
  return { jsonrpc: '2.0', id, error: { code, message: data.title, data } };
}

export const UPSTREAM_ERROR = RPC_ERROR.upstream;
export const UPSTREAM_MESSAGE = 'The upstream answered with an error';
