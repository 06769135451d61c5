/** Turns the params of a call into the request that it stands for. */
import { refusePath, refuseQuery } from '../../core/canonical-target.ts';
import type { CompiledSnapshot } from '../../core/snapshot.ts';
import { encodeValue, fillTemplate } from './fill-template.ts';
import {
  type DecodedMessage,
  isPlainObject,
  RPC_ERROR,
  type RpcErrorCode,
  type RpcMessage,
} from './rpc.ts';

/** What a call asks for, in the terms of HTTP. */
export interface CallRequest {
  readonly method: string;
  readonly path: string;
  /** With its leading `?`, or ''. */
  readonly query: string;
  /** Flat name, value pairs; names in lower case. */
  readonly headers: string[];
  readonly body: Uint8Array | undefined;
  readonly deadlineMs: number | undefined;
}

export interface CallFault {
  readonly code: RpcErrorCode;
  readonly problem: 'malformed-request' | 'not-found';
  readonly detail: string;
}

/** The method by which a call names an HTTP method and a path; operation ids have a dot. */
export const CALL_METHOD = 'call';
const TARGET_MAX_CHARS = 8_192;
const FIELDS_MAX = 32;
const FIELD_MAX_CHARS = 8_192;
const DEADLINE_MAX_MS = 600_000;
const METHOD = /^[A-Z]{1,32}$/;
const FIELD_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const NOT_IN_A_VALUE = /[^\t\x20-\x7e]/;
const INTEGER = /^(?:0|[1-9][0-9]*)$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const MEMBERS = new Set(['method', 'path', 'query', 'headers', 'body', 'bodyBase64', 'deadlineMs']);
/** Ours to set, or about the connection (RFC 9110 section 7.6.1), of which a message has none. */
const NOT_TO_SEND = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function isCallFault(read: CallRequest | CallFault): read is CallFault {
  return 'detail' in read;
}

export function readCall(
  snapshot: CompiledSnapshot,
  rpc: RpcMessage,
  message: DecodedMessage,
): CallRequest | CallFault {
  const { params } = rpc;
  for (const name in params) if (!MEMBERS.has(name)) return wrong(`"${shorten(name)}" is unknown.`);
  const target = rpc.method === CALL_METHOD ? readTarget(params) : readOperation(snapshot, rpc);
  if ('detail' in target) return target;
  const { method, path, query } = target;
  if (path.length + query.length > TARGET_MAX_CHARS) return wrong('The target is too long.');
  const fault = refusePath(path) ?? (query.length > 1 ? refuseQuery(query.slice(1)) : undefined);
  if (fault !== undefined) return wrong(fault);
  const headers = readFields(params.headers);
  if (!Array.isArray(headers)) return headers;
  const body = readBody(params, message, headers);
  if (body !== undefined && 'detail' in body) return body;
  const { deadlineMs } = params;
  if (deadlineMs !== undefined && !isDeadline(deadlineMs)) {
    return wrong(`"deadlineMs" is an integer from 1 to ${DEADLINE_MAX_MS}.`);
  }
  return { method, path, query, headers, body, deadlineMs };
}

interface CallTarget {
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

function readTarget(params: RpcMessage['params']): CallTarget | CallFault {
  const { method, path } = params;
  if (typeof method !== 'string' || !METHOD.test(method)) {
    return wrong('"method" is an HTTP method in capital letters.');
  }
  if (typeof path !== 'string' || !path.startsWith('/')) {
    return wrong('"path" is a string that begins with /.');
  }
  if ('query' in params) return wrong('"query" is part of "path" with this method.');
  const mark = path.indexOf('?');
  if (mark < 0) return { method, path, query: '' };
  return { method, path: path.slice(0, mark), query: path.slice(mark) };
}

function readOperation(
  snapshot: CompiledSnapshot,
  { method: id, params }: RpcMessage,
): CallTarget | CallFault {
  const entry = snapshot.operation(id);
  if (entry === undefined) {
    const detail = 'No operation has this id, and no method this name.';
    return { code: RPC_ERROR.methodNotFound, problem: 'not-found', detail };
  }
  if ('method' in params) return wrong('"method" belongs to the operation.');
  const filled = fillTemplate(entry.operation, params.path);
  if ('fault' in filled) return wrong(filled.fault);
  const query = readQuery(params.query);
  if (query === undefined)
    return wrong('"query" has names that are no integers, values that are plain.');
  return { method: entry.operation.method, path: filled.path, query };
}

function readQuery(query: unknown): string | undefined {
  if (query === undefined) return '';
  if (!isPlainObject(query)) return undefined;
  let text = '';
  for (const [name, value] of Object.entries(query)) {
    // Such names would be put first, whatever the order in which they were written.
    if (INTEGER.test(name)) return undefined;
    const values: unknown[] = Array.isArray(value) ? value : [value];
    for (const one of values) {
      const encodedName = encodeValue(name);
      const encoded = one === '' ? '' : encodeValue(one);
      if (encodedName === undefined || encoded === undefined) return undefined;
      text += `${text === '' ? '?' : '&'}${encodedName}=${encoded}`;
      if (text.length > TARGET_MAX_CHARS) return text;
    }
  }
  return text;
}

function readFields(fields: unknown): string[] | CallFault {
  if (fields === undefined) return [];
  if (!isPlainObject(fields)) return wrong('"headers" is an object of strings.');
  const headers: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (!FIELD_NAME.test(name)) return wrong('"headers" has a name that is no lower-case token.');
    if (NOT_TO_SEND.has(name)) return wrong(`"headers.${name}" cannot be set in a message.`);
    if (typeof value !== 'string' || value.length > FIELD_MAX_CHARS || NOT_IN_A_VALUE.test(value)) {
      return wrong(`"headers.${name}" is a string of visible ASCII.`);
    }
    headers.push(name, value);
  }
  if (headers.length > 2 * FIELDS_MAX)
    return wrong(`"headers" has more than ${FIELDS_MAX} fields.`);
  return headers;
}

/** Adds the content type of a body that comes without. */
function readBody(
  params: RpcMessage['params'],
  message: DecodedMessage,
  headers: string[],
): Uint8Array | CallFault | undefined {
  const encoded = params.bodyBase64;
  const hasBody = Object.hasOwn(params, 'body');
  if (!hasBody && encoded === undefined) return undefined;
  if (hasBody && encoded !== undefined) return wrong('"body" and "bodyBase64" exclude each other.');
  const isTyped = headers.some((name, i) => i % 2 === 0 && name === 'content-type');
  if (hasBody) {
    if (!isTyped) headers.push('content-type', 'application/json');
    return message.body() ?? wrong('"body" holds what JSON cannot: bytes, or no number.');
  }
  if (typeof encoded !== 'string' || !BASE64.test(encoded) || encoded.length % 4 !== 0) {
    return wrong('"bodyBase64" is not base64 with padding.');
  }
  if (!isTyped) return wrong('"bodyBase64" needs a content-type in "headers".');
  return Buffer.from(encoded, 'base64');
}

function isDeadline(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= DEADLINE_MAX_MS;
}

function wrong(detail: string): CallFault {
  return { code: RPC_ERROR.invalidParams, problem: 'malformed-request', detail };
}

/** A name of the caller's, for a message to the same caller. */
function shorten(name: string): string {
  return name.slice(0, 32);
}
