/** What a caller asks for, turned into the message that says it. */
import { isIdempotent } from '../retry.ts';
import { targetUri } from '../target-uri.ts';
import { JsonText, type MessageBody } from './codec.ts';
import type { CallMessage } from './pending-call.ts';

export type QueryValue = string | number | boolean;

/** The parameters of an operation; docs/websocket.md says what its members mean. */
export interface OperationParams {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** As for {@link PathCall}. */
  readonly body?: unknown;
}

/** A call of an operation by its id. */
export interface OperationCall extends OperationParams {
  readonly operation: string;
}

/** A call by method and path. */
export interface PathCall {
  readonly method: string;
  /** Below the base URL, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a JsonText as it is; bytes as bytes, with their `content-type` in `headers`. */
  readonly body?: unknown;
  /** Carries a signature of its own, which operations with `messageSignature: required` want. */
  readonly sign?: boolean;
}

export type CallSpec = OperationCall | PathCall;

export interface ComposedCall {
  readonly message: CallMessage;
  /** By its HTTP method; of an operation it is not known. */
  readonly isIdempotent: boolean;
}

interface TypedBody {
  readonly body: MessageBody | undefined;
  /** What has to be said of it. */
  readonly contentType: string | undefined;
}

const IDEMPOTENCY_KEY = 'idempotency-key';
const JSON_TYPE = 'application/json';
const BYTES_TYPE = 'application/octet-stream';

export function withKey(spec: CallSpec, idempotencyKey: string): CallSpec {
  return { ...spec, headers: { ...spec.headers, [IDEMPOTENCY_KEY]: idempotencyKey } };
}

/** @throws TypeError where the path is outside the base URL, or the body cannot be JSON */
export function composeCall(base: URL, spec: CallSpec): ComposedCall {
  return 'operation' in spec ? composeOperation(spec) : composePath(base, spec);
}

function composeOperation(spec: OperationCall): ComposedCall {
  const { path, query } = spec;
  const headers = lowerCase(spec.headers);
  const { body, contentType } = readBody(spec.body, headers['content-type']);
  if (contentType !== undefined) headers['content-type'] = contentType;
  const params: Record<string, unknown> = {};
  if (path !== undefined) params.path = path;
  if (query !== undefined) params.query = query;
  if (Object.keys(headers).length > 0) params.headers = headers;
  const message = { method: spec.operation, params, body, signed: undefined };
  return { message, isIdempotent: false };
}

function composePath(base: URL, spec: PathCall): ComposedCall {
  const uri = targetUri(base, spec.path);
  const method = spec.method.toUpperCase();
  const headers = lowerCase(spec.headers);
  const { body, contentType } = readBody(spec.body, headers['content-type']);
  // The signature covers the media type, so it is said.
  const shownType = contentType ?? (spec.sign && body !== undefined ? JSON_TYPE : undefined);
  if (shownType !== undefined) headers['content-type'] = shownType;
  const params: Record<string, unknown> = { method, path: uri.slice(base.origin.length) };
  if (Object.keys(headers).length > 0) params.headers = headers;
  const signed = spec.sign
    ? {
        ...{ method, targetUri: uri, idempotencyKey: headers[IDEMPOTENCY_KEY] },
        contentType: body === undefined ? undefined : shownType,
      }
    : undefined;
  const message = { method: 'call', params, body, signed };
  return { message, isIdempotent: isIdempotent(method) };
}

function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(named) as Record<string, string>;
}

/** `application/json` goes without saying for JSON. */
function readBody(body: unknown, given: string | undefined): TypedBody {
  if (body === undefined) return { body: undefined, contentType: given };
  if (body instanceof Uint8Array) {
    return { body: new Uint8Array(body), contentType: given ?? BYTES_TYPE };
  }
  const text = body instanceof JsonText ? body.text : JSON.stringify(body);
  if (text === undefined) throw new TypeError('The body has no JSON.');
  return { body: text, contentType: given };
}

/** The exact bytes that the body of a message stands for. */
export function bodyBytes(body: MessageBody | undefined): Uint8Array | undefined {
  return typeof body === 'string' ? new TextEncoder().encode(body) : body;
}
